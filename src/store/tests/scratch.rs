//! Empty databases for tests: each test has one of its own.
//!
//! A file, unless `OCUROOT_TEST_DATABASE` has the address of a PostgreSQL server where databases may be made. The tests
//! of `tests/it` use this file, too.

use std::path::Path;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

/// A database that nobody else uses.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// What `DATABASE_URL` would be.
    pub(crate) url: String,
    name: Option<String>,
}

/// Databases whose tests are over. A server that keeps a thousand of them fills its disk.
static OVER: Mutex<Vec<String>> = Mutex::new(Vec::new());

static COUNT: AtomicU64 = AtomicU64::new(0);

impl Scratch {
    /// An empty database; a file is put into `directory`.
    pub(crate) async fn new(directory: &Path) -> Scratch {
        let Ok(server) = std::env::var("OCUROOT_TEST_DATABASE") else {
            let file = directory.join("ocuroot.db");
            return Scratch {
                url: format!("sqlite://{}", file.display()),
                name: None,
            };
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{count}", std::process::id());
        let options = PgConnectOptions::from_str(&server).expect("OCUROOT_TEST_DATABASE is a URL");
        let mut connection = options.connect().await.expect("PostgreSQL answers");
        let over = std::mem::take(&mut *OVER.lock().unwrap_or_else(PoisonError::into_inner));
        for over in over {
            let drop = format!("DROP DATABASE IF EXISTS {over} WITH (FORCE)");
            let dropped = connection.execute(AssertSqlSafe(drop)).await;
            dropped.expect("a database that is over can go");
        }
        let create = format!("CREATE DATABASE {name}");
        let created = connection.execute(AssertSqlSafe(create)).await;
        created.expect("a database can be made");
        connection.close().await.expect("the connection ends");
        let (address, _) = server.rsplit_once('/').expect("the URL names a database");
        Scratch {
            url: format!("{address}/{name}"),
            name: Some(name),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut over = OVER.lock().unwrap_or_else(PoisonError::into_inner);
        over.extend(self.name.take());
    }
}
