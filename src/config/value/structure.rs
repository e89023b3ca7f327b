//! `struct(...)` as starlark-go has it: fields in the order of their names, `a + b` joins two, and as text it reads
//! `struct(a = 1)`.

use std::fmt;

use allocative::Allocative;
use starlark::any::ProvidesStaticType;
use starlark::coerce::Coerce;
use starlark::collections::{SmallMap, StarlarkHasher};
use starlark::starlark_complex_value;
use starlark::values::{
    Freeze, Heap, NoSerialize, StarlarkPagablePanic, StarlarkValue, Trace, Value, ValueLike,
    starlark_value,
};
use std::hash::Hash;

/// A value with fields.
#[derive(
    Clone,
    Debug,
    Trace,
    Coerce,
    Freeze,
    ProvidesStaticType,
    NoSerialize,
    Allocative,
    StarlarkPagablePanic,
)]
#[repr(C)]
pub(in crate::config) struct StructureGen<V> {
    fields: SmallMap<String, V>,
}

starlark_complex_value!(pub(in crate::config) Structure);

impl<'v> Structure<'v> {
    /// A struct with these fields; of two with the same name the later counts.
    pub(in crate::config) fn new<N: Into<String>>(
        fields: impl IntoIterator<Item = (N, Value<'v>)>,
    ) -> Structure<'v> {
        let mut sorted: SmallMap<String, Value<'v>> = fields
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect();
        sorted.sort_keys();
        Structure { fields: sorted }
    }

    /// The fields in the order of their names.
    pub(in crate::config) fn fields(&self) -> impl Iterator<Item = (&str, Value<'v>)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
    }
}

impl<V: fmt::Display> fmt::Display for StructureGen<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("struct(")?;
        for (index, (name, value)) in self.fields.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(formatter, "{comma}{name} = {value}")?;
        }
        formatter.write_str(")")
    }
}

#[starlark_value(type = "struct")]
impl<'v, V: ValueLike<'v>> StarlarkValue<'v> for StructureGen<V>
where
    Self: ProvidesStaticType<'v>,
{
    fn collect_repr_cycle(&self, collector: &mut String) {
        collector.push_str("struct(...)");
    }

    fn get_attr(&self, attribute: &str, _heap: Heap<'v>) -> Option<Value<'v>> {
        self.fields.get(attribute).map(|value| value.to_value())
    }

    fn dir_attr(&self) -> Vec<String> {
        self.fields.keys().cloned().collect()
    }

    fn equals(&self, other: Value<'v>) -> starlark::Result<bool> {
        let Some(other) = Structure::from_value(other) else {
            return Ok(false);
        };
        if self.fields.len() != other.fields.len() {
            return Ok(false);
        }
        let pairs = self.fields.iter().zip(other.fields.iter());
        for ((name, value), (other_name, other_value)) in pairs {
            if name != other_name || !value.equals(*other_value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn write_hash(&self, hasher: &mut StarlarkHasher) -> starlark::Result<()> {
        for (name, value) in &self.fields {
            name.hash(hasher);
            value.write_hash(hasher)?;
        }
        Ok(())
    }

    /// The fields of both; where both have one, the right one's.
    fn add(&self, other: Value<'v>, heap: Heap<'v>) -> Option<starlark::Result<Value<'v>>> {
        let other = Structure::from_value(other)?;
        let own = self
            .fields
            .iter()
            .map(|(name, value)| (name.clone(), value.to_value()));
        let theirs = other
            .fields
            .iter()
            .map(|(name, value)| (name.clone(), *value));
        Some(Ok(heap.alloc(Structure::new(own.chain(theirs)))))
    }
}
