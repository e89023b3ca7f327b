//! The moment of death, to the commit: after the n-th commit of a database nothing becomes durable any more, as if the
//! process had been killed there. SQLite asks a hook before each commit, on whichever thread, so that neither timing
//! nor the number of polls has a say.

#![allow(unsafe_code)]

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock};

use libsqlite3_sys as sqlite;

/// Of one database file.
#[derive(Debug, Default)]
struct Wire {
    commits: AtomicU64,
    /// Commits that are still let through; negative: all of them.
    left: AtomicI64,
    is_blown: AtomicU64,
}

/// Decides which commits of a database go through.
#[derive(Debug)]
pub(super) struct Fuse(Arc<Wire>);

fn wires() -> &'static Mutex<HashMap<String, Arc<Wire>>> {
    static WIRES: OnceLock<Mutex<HashMap<String, Arc<Wire>>>> = OnceLock::new();
    WIRES.get_or_init(Mutex::default)
}

/// Has every connection that is opened from now on ask before it commits.
pub(super) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // SAFETY: `on_open` has the signature that SQLite calls it with, and lives as long as the program.
        let answer = unsafe { sqlite::sqlite3_auto_extension(Some(on_open)) };
        assert_eq!(answer, sqlite::SQLITE_OK, "SQLite takes the hook");
    });
}

unsafe extern "C" fn on_open(
    database: *mut sqlite::sqlite3,
    _: *mut *mut c_char,
    _: *const sqlite::sqlite3_api_routines,
) -> c_int {
    // SAFETY: SQLite hands over an open database; the name it answers lives as long as the connection.
    let name = unsafe {
        let name = sqlite::sqlite3_db_filename(database, c"main".as_ptr());
        if name.is_null() {
            return sqlite::SQLITE_OK;
        }
        CStr::from_ptr(name.cast()).to_string_lossy().into_owned()
    };
    let mut wires = wires().lock().expect("no panic while it is held");
    let wire = wires.entry(name).or_insert_with(|| {
        let wire = Wire::default();
        wire.left.store(-1, Ordering::SeqCst);
        Arc::new(wire)
    });
    // Leaked on purpose, one count for each connection: SQLite does not say when it is done with it.
    let pointer = Arc::into_raw(Arc::clone(wire));
    // SAFETY: the pointer stays valid for good.
    unsafe { sqlite::sqlite3_commit_hook(database, Some(on_commit), pointer.cast_mut().cast()) };
    sqlite::SQLITE_OK
}

unsafe extern "C" fn on_commit(wire: *mut c_void) -> c_int {
    // SAFETY: it is the pointer that `on_open` has leaked.
    let Some(wire) = (unsafe { wire.cast::<Wire>().as_ref() }) else {
        return 0;
    };
    let left = wire.left.load(Ordering::SeqCst);
    if left == 0 {
        wire.is_blown.store(1, Ordering::SeqCst);
        return 1;
    }
    if left > 0 {
        wire.left.store(left - 1, Ordering::SeqCst);
    }
    wire.commits.fetch_add(1, Ordering::SeqCst);
    0
}

impl Fuse {
    /// The fuse of the database in this file, which is open.
    pub(super) fn of(file: &str) -> Fuse {
        let file = std::fs::canonicalize(file).expect("the database is a file");
        let wires = wires().lock().expect("no panic while it is held");
        let wire = wires.get(file.to_str().expect("a name of letters"));
        Fuse(Arc::clone(wire.expect("a connection to it was opened")))
    }

    /// Lets only `commits` more through.
    pub(super) fn arm(&self, commits: i64) {
        self.0.left.store(commits, Ordering::SeqCst);
    }

    /// Lets all through again.
    pub(super) fn mend(&self) {
        self.0.left.store(-1, Ordering::SeqCst);
        self.0.is_blown.store(0, Ordering::SeqCst);
    }

    pub(super) fn is_blown(&self) -> bool {
        self.0.is_blown.load(Ordering::SeqCst) > 0
    }

    /// How many commits went through so far.
    pub(super) fn commits(&self) -> u64 {
        self.0.commits.load(Ordering::SeqCst)
    }
}

impl Drop for Fuse {
    fn drop(&mut self) {
        // `wires` holds one, leaked connections theirs; what matters is that the map does not grow for ever.
        let mut wires = wires()
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        wires.retain(|_, wire| !Arc::ptr_eq(wire, &self.0));
    }
}
