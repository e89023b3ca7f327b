//! `print`, `struct`, `debug_break`, `ocuroot`: what is not about releases.

use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::none::NoneType;
use starlark::values::tuple::UnpackTuple;

use crate::config::scope::scope;
use crate::config::value::Structure;

#[starlark_module]
pub(super) fn builtins(builder: &mut GlobalsBuilder) {
    fn print<'v>(
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        #[starlark(require = named, default = " ")] sep: &str,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        let texts: Vec<String> = args.items.iter().map(|value| value.to_str()).collect();
        scope(eval)?.print(&texts.join(sep))?;
        Ok(NoneType)
    }

    fn r#struct<'v>(
        #[starlark(kwargs)] fields: SmallMap<String, Value<'v>>,
    ) -> anyhow::Result<Structure<'v>> {
        Ok(Structure::new(fields))
    }

    /// Checked before the file runs; calling it does nothing.
    fn ocuroot<'v>(version: &str) -> anyhow::Result<NoneType> {
        let _ = version;
        Ok(NoneType)
    }

    fn debug_break() -> anyhow::Result<NoneType> {
        Ok(NoneType)
    }
}
