//! JSON ↔ Starlark, bounded: a value that shares its parts may be small in memory and endless as text.

use std::collections::BTreeMap;

use anyhow::{anyhow, bail};
use num_bigint::BigInt;
use serde_json::{Map, Number, Value as Json};
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::float::UnpackFloat;
use starlark::values::list::{AllocList, ListRef};
use starlark::values::tuple::TupleRef;
use starlark::values::{Heap, UnpackValue, Value, ValueLike};

use super::value::{EnvironmentValue, Structure};

const MAX_DEPTH: usize = 100;
const MAX_BYTES: usize = 8 << 20;
const MAX_DIGITS: usize = 4096;

/// A Starlark value as JSON. Integers stay integers and floats floats; tuples become arrays, structs objects.
///
/// # Errors
/// A text for people: functions and other values without JSON form, dict keys that are not text, or too much of it.
pub(super) fn to_json(value: Value<'_>) -> anyhow::Result<Json> {
    Encoder { bytes: 0 }.encode(value, 0)
}

struct Encoder {
    bytes: usize,
}

impl Encoder {
    fn encode(&mut self, value: Value<'_>, depth: usize) -> anyhow::Result<Json> {
        if depth > MAX_DEPTH {
            bail!("the value is nested too deeply to store");
        }
        self.spend(8)?;
        if value.is_none() {
            return Ok(Json::Null);
        }
        if let Some(flag) = value.unpack_bool() {
            return Ok(Json::Bool(flag));
        }
        if let Some(text) = value.unpack_str() {
            self.spend(text.len())?;
            return Ok(Json::String(text.to_owned()));
        }
        if let Some(list) = ListRef::from_value(value) {
            return self.array(list.iter(), depth);
        }
        if let Some(tuple) = TupleRef::from_value(value) {
            return self.array(tuple.iter(), depth);
        }
        if let Some(dict) = DictRef::from_value(value) {
            return self.dict(&dict, depth);
        }
        if let Some(structure) = Structure::from_value(value) {
            return self.object(structure.fields(), depth);
        }
        if let Some(environment) = value.downcast_ref::<EnvironmentValue>() {
            return Ok(environment.to_json());
        }
        self.number(value)
    }

    fn array<'v>(
        &mut self,
        items: impl Iterator<Item = Value<'v>>,
        depth: usize,
    ) -> anyhow::Result<Json> {
        items.map(|item| self.encode(item, depth + 1)).collect()
    }

    fn dict(&mut self, dict: &DictRef<'_>, depth: usize) -> anyhow::Result<Json> {
        let mut entries = Vec::with_capacity(dict.len());
        for (key, entry) in dict.iter() {
            let Some(name) = key.unpack_str() else {
                bail!("dict has a key of type {}, want string", key.get_type());
            };
            entries.push((name, entry));
        }
        self.object(entries.into_iter(), depth)
    }

    fn object<'v>(
        &mut self,
        entries: impl Iterator<Item = (&'v str, Value<'v>)>,
        depth: usize,
    ) -> anyhow::Result<Json> {
        let mut sorted = BTreeMap::new();
        for (key, entry) in entries {
            self.spend(key.len())?;
            sorted.insert(key.to_owned(), self.encode(entry, depth + 1)?);
        }
        Ok(Json::Object(sorted.into_iter().collect::<Map<_, _>>()))
    }

    fn number(&mut self, value: Value<'_>) -> anyhow::Result<Json> {
        match value.get_type() {
            "int" => {
                let digits = value.to_str();
                self.spend(digits.len())?;
                Ok(Json::Number(digits.parse::<Number>()?))
            }
            "float" => {
                let float = UnpackFloat::unpack_value_opt(value).map_or(f64::NAN, |float| float.0);
                let number = Number::from_f64(float)
                    .ok_or_else(|| anyhow!("{} has no JSON form", value.to_str()))?;
                Ok(Json::Number(number))
            }
            other => bail!("a value of type {other} has no JSON form"),
        }
    }

    fn spend(&mut self, bytes: usize) -> anyhow::Result<()> {
        self.bytes += bytes;
        if self.bytes > MAX_BYTES {
            bail!("the value is too large to store");
        }
        Ok(())
    }
}

/// JSON as a Starlark value.
///
/// # Errors
/// A number without a Starlark form, such as `1e999`.
pub(super) fn from_json<'v>(json: &Json, heap: Heap<'v>) -> anyhow::Result<Value<'v>> {
    Ok(match json {
        Json::Null => Value::new_none(),
        Json::Bool(flag) => Value::new_bool(*flag),
        Json::Number(number) => number_from_json(number, heap)?,
        Json::String(text) => heap.alloc(text.as_str()),
        Json::Array(items) => {
            let items = items
                .iter()
                .map(|item| from_json(item, heap))
                .collect::<anyhow::Result<Vec<_>>>()?;
            heap.alloc(AllocList(items))
        }
        Json::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(key, entry)| Ok((key.as_str(), from_json(entry, heap)?)))
                .collect::<anyhow::Result<Vec<_>>>()?;
            heap.alloc(AllocDict(entries))
        }
    })
}

fn number_from_json<'v>(number: &Number, heap: Heap<'v>) -> anyhow::Result<Value<'v>> {
    let text = number.as_str();
    if text.contains(['.', 'e', 'E']) {
        let float = number
            .as_f64()
            .filter(|float| float.is_finite())
            .ok_or_else(|| anyhow!("the number {text} is out of range"))?;
        return Ok(heap.alloc(float));
    }
    if let Some(integer) = number.as_i64() {
        return Ok(heap.alloc(integer));
    }
    // Reading digits takes time quadratic in their number.
    if text.len() > MAX_DIGITS {
        bail!("the number has more than {MAX_DIGITS} digits");
    }
    Ok(heap.alloc(text.parse::<BigInt>()?))
}
