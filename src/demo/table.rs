//! What is where: packages down, environments across.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::{Table, presets};

use crate::model::{EnvironmentName, PackageName};
use crate::store::Store;

/// The live deployments of a workspace with their URLs.
///
/// # Errors
/// When the database does.
pub async fn table(store: &Store, installation_id: i64) -> anyhow::Result<String> {
    let mut cells: BTreeMap<(PackageName, EnvironmentName), String> = BTreeMap::new();
    for place in store.deployments(installation_id).await? {
        let url = place.url.unwrap_or_default();
        let cell = format!("{}\n{url}", place.release.number);
        cells.insert((place.package, place.environment), cell);
    }
    let packages: BTreeSet<&PackageName> = cells.keys().map(|(package, _)| package).collect();
    let places: BTreeSet<&EnvironmentName> = cells.keys().map(|(_, place)| place).collect();
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    let names = places.iter().map(|place| place.to_string());
    table.set_header(std::iter::once("package".to_owned()).chain(names));
    for package in packages {
        let row = places.iter().map(|place| {
            let cell = cells.get(&(package.clone(), (*place).clone()));
            cell.cloned().unwrap_or_else(|| "not deployed".to_owned())
        });
        let name = format!("{}\n{}", package.short(), package.repository);
        table.add_row(std::iter::once(name).chain(row));
    }
    Ok(table.to_string())
}
