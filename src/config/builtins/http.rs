//! `http.*`: one request each; any status is an answer.

use anyhow::bail;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::list::ListRef;
use starlark::values::none::NoneOr;

use crate::config::capabilities::HttpRequest;
use crate::config::scope::scope;
use crate::config::value::Structure;

macro_rules! methods {
    ($($name:ident),* ; $($with_body:ident),*) => {
        #[starlark_module]
        pub(super) fn builtins(builder: &mut GlobalsBuilder) {
            $(fn $name<'v>(
                url: &str,
                #[starlark(default = NoneOr::None)] headers: NoneOr<DictRef<'v>>,
                eval: &mut Evaluator<'v, '_, '_>,
            ) -> anyhow::Result<Value<'v>> {
                send(stringify!($name), url, headers, "", eval)
            })*
            $(fn $with_body<'v>(
                url: &str,
                #[starlark(default = NoneOr::None)] headers: NoneOr<DictRef<'v>>,
                #[starlark(default = "")] body: &str,
                eval: &mut Evaluator<'v, '_, '_>,
            ) -> anyhow::Result<Value<'v>> {
                send(stringify!($with_body), url, headers, body, eval)
            })*
        }
    };
}

methods!(get, head, delete; post, put, patch);

fn send<'v>(
    method: &str,
    url: &str,
    headers: NoneOr<DictRef<'v>>,
    body: &str,
    eval: &mut Evaluator<'v, '_, '_>,
) -> anyhow::Result<Value<'v>> {
    let request = HttpRequest {
        method: method.to_ascii_uppercase(),
        url: url.to_owned(),
        headers: read_headers(headers)?,
        body: body.to_owned(),
    };
    let builtin = format!("http.{method}");
    let answer = scope(eval)?.ask(&builtin, eval, |host| host.http(&request))?;
    let response = answer.unwrap_or_default();
    let heap = eval.heap();
    Ok(heap.alloc(Structure::new([
        ("status_code", heap.alloc(i32::from(response.status_code))),
        ("status_text", heap.alloc(response.status_text)),
        ("headers", heap.alloc(AllocDict(response.headers))),
        ("body", heap.alloc(response.body)),
    ])))
}

/// A header's value may be a string or a list of strings: each becomes a header of its own.
fn read_headers(headers: NoneOr<DictRef<'_>>) -> anyhow::Result<Vec<(String, String)>> {
    let mut read = Vec::new();
    for (name, value) in headers
        .into_option()
        .iter()
        .flat_map(|headers| headers.iter())
    {
        let Some(name) = name.unpack_str() else {
            bail!(
                "the names of headers must be strings, got {}",
                name.get_type()
            );
        };
        let values = match ListRef::from_value(value) {
            Some(list) => list.to_vec(),
            None => vec![value],
        };
        for value in values {
            let Some(text) = value.unpack_str() else {
                bail!("header `{name}` must be a string or a list of strings");
            };
            read.push((name.to_owned(), text.to_owned()));
        }
    }
    Ok(read)
}
