//! The text of the SDK says what the code does.

use starlark::docs::{DocFunction, DocItem, DocMember, DocParam};
use starlark::environment::Module;
use starlark::eval::Evaluator;
use starlark::values::Value;

use super::documentation::functions;
use crate::config::builtins::globals;
use crate::config::{Limits, SDK, source};

/// `name, other=, *, third=False`: what can be given, with the defaults that can be told apart.
fn signature(function: &DocFunction) -> String {
    let one = |parameter: &DocParam| match parameter.default_value.as_deref() {
        None => parameter.name.clone(),
        // What is left out has many spellings in the code.
        Some("None" | "_" | "...") => format!("{}=", parameter.name),
        Some(default) => format!("{}={default}", parameter.name),
    };
    let params = &function.params;
    let mut parts: Vec<String> = params.pos_only.iter().map(one).collect();
    parts.extend(params.pos_or_named.iter().map(one));
    parts.extend(params.args.iter().map(|_| "*args".to_owned()));
    if params.args.is_none() && !params.named_only.is_empty() {
        parts.push("*".to_owned());
    }
    parts.extend(params.named_only.iter().map(one));
    parts.extend(params.kwargs.iter().map(|_| "**kwargs".to_owned()));
    parts.join(", ")
}

/// Name and signature of every function in the text.
fn described() -> Vec<(String, String)> {
    let ast = source::parse("sdk.star", SDK, &Limits::default()).expect("it parses");
    let names = source::global_names(&ast);
    Module::with_temp_heap(|module| {
        Evaluator::new(&module)
            .eval_module(ast, globals())
            .expect("it can be evaluated");
        let mut all = Vec::new();
        for name in names.iter().filter(|name| !name.starts_with('_')) {
            let value = module.get(name).expect("a value");
            let mut add = |name: String, value: Value<'_>| {
                if let DocItem::Member(DocMember::Function(function)) = value.documentation() {
                    all.push((name, signature(&function)));
                }
            };
            add(name.clone(), value);
            for field in value.dir_attr() {
                let inner = value.get_attr(&field, module.heap()).expect("a field");
                add(format!("{name}.{field}"), inner.expect("a field"));
            }
        }
        all
    })
}

#[test]
fn every_builtin_has_its_signature_and_a_description() {
    let documentation = globals().documentation();
    let mut builtins = Vec::new();
    functions("", &documentation, &mut builtins);
    let mut expected: Vec<(String, String)> = builtins
        .iter()
        .filter(|(name, _)| name != "struct")
        .map(|(name, function)| (name.clone(), signature(function)))
        .collect();
    expected.sort();
    let mut described = described();
    described.sort();
    let missing: Vec<_> = expected
        .iter()
        .filter(|one| !described.contains(one))
        .collect();
    assert!(missing.is_empty(), "not described: {missing:#?}");
    assert_eq!(described, expected);
    for definition in SDK.split("\ndef ").skip(1) {
        let (head, body) = definition.split_once(":\n    \"\"\"").expect(definition);
        assert!(
            !head.contains('\n') || head.starts_with("protect("),
            "{head}"
        );
        assert!(body.contains("\"\"\""), "{head}");
    }
}
