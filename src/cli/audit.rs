//! `ocuroot audit`: checks the audit record, and copies it to where the server cannot reach.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};

use crate::model::AuditChain;
use crate::settings::DEFAULT_DATABASE;
use crate::store::{AuditHead, Store, StoreError};

/// How many entries are in memory at a time.
const PAGE: i64 = 1000;

/// What `ocuroot audit` takes.
#[derive(Args)]
#[command(after_help = "\
The audit record says who asked, what was decided and why, and what ran. Each workspace (an installation of the GitHub App)
has a chain of entries, and each entry has the hash of the one before it: one that is changed, taken out or put in between
breaks the chain. The hash of the last entry, the head, stands for all of them.

Both verbs only read, and may be used while the server works.")]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Verify(Verify),
    Export(Export),
}

/// Checks every entry, and says the head of each chain.
///
/// Fails, and names the first broken entry of each chain, when one was changed, taken out or put in between. What is cut
/// off at the end leaves a shorter chain that is sound: write the heads down where whoever can write the database cannot
/// reach, and give them with --expect the next time.
#[derive(Args)]
#[command(after_help = "Examples:
  ocuroot audit verify
  ocuroot audit verify --database sqlite:///backup/ocuroot.db
  ocuroot audit verify --expect <the head that was said last time>")]
struct Verify {
    #[command(flatten)]
    record: Record,

    /// A head that was written down earlier: fails unless an entry has it. May be given several times, for several
    /// workspaces
    #[arg(long, value_name = "HASH", value_parser = hash)]
    expect: Vec<String>,
}

/// Writes the entries to standard output, one JSON object a line, in order.
///
/// `hash` is the SHA-256 of the rest of the line: of the object without `hash`, with its members in the same order and
/// no white space. `at` is in milliseconds since 1970, UTC. Entries are exported as they stand: check them with `ocuroot
/// audit verify`.
#[derive(Args)]
#[command(after_help = "Examples:
  ocuroot audit export > audit.jsonl
  ocuroot audit export --workspace 4711 --after 120 >> audit-4711.jsonl
  ocuroot audit export | jq -r 'select(.verdict == \"refused\") | [.actor, .action, .subject, .reason_code] | @tsv'")]
struct Export {
    #[command(flatten)]
    record: Record,

    /// Leaves out the entries up to this number, such as those that were exported before
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
    after: i64,
}

#[derive(Args)]
struct Record {
    /// The database: `sqlite://<file>` or `postgres://…`. It is only read
    #[arg(
        long,
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        default_value = DEFAULT_DATABASE
    )]
    database: String,

    /// Only the workspace of this installation of the GitHub App, a number; all of them unless given
    #[arg(long, value_name = "ID")]
    workspace: Option<i64>,
}

/// Checks or exports.
///
/// # Errors
/// When the database cannot be read, there is no such workspace, or standard output takes no more.
pub fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("the async runtime cannot start")?;
    let mut out = io::stdout().lock();
    match &arguments.verb {
        Verb::Verify(arguments) => {
            let found = runtime.block_on(verify(arguments, &mut out))?;
            found.conclude()?;
        }
        Verb::Export(arguments) => {
            let written = runtime.block_on(export(arguments, &mut out));
            match written {
                Err(error) if is_closed(&error) => {}
                written => written?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What was wrong with the chains.
struct Found {
    broken: usize,
    missing: Vec<String>,
}

impl Found {
    fn conclude(&self) -> anyhow::Result<()> {
        ensure!(
            self.broken == 0,
            "the audit record is not what was written. Keep a copy of the file as it is, and compare it with backups, \
             exports and heads that were kept elsewhere"
        );
        if let Some(hash) = self.missing.first() {
            bail!(
                "no entry has the expected hash {hash}: entries were cut off the end, the chain was written anew, or \
                 this is not the database whose head was written down. Compare it with backups and exports"
            );
        }
        Ok(())
    }
}

async fn verify(arguments: &Verify, out: &mut dyn Write) -> anyhow::Result<Found> {
    let store = Store::open_read_only(&arguments.record.database).await?;
    let heads = chains(&store, &arguments.record).await?;
    if heads.is_empty() {
        writeln!(out, "no entries: nothing has been recorded yet")?;
    }
    let mut missing: BTreeSet<String> = arguments.expect.iter().cloned().collect();
    let mut broken = 0;
    for head in &heads {
        let name = name(head);
        let mut chain = AuditChain::default();
        match follow(&store, head.installation_id, &mut chain, &mut missing).await? {
            None => {
                let AuditChain { sequence, head } = &chain;
                let entries = if *sequence == 1 { "entry" } else { "entries" };
                writeln!(out, "{name}: {sequence} {entries}, sound, head {head}")?;
            }
            Some(wrong) => {
                broken += 1;
                let sound = chain.sequence;
                writeln!(
                    out,
                    "{name}: BROKEN at {wrong}. The {sound} before it are sound"
                )?;
            }
        }
    }
    Ok(Found {
        broken,
        missing: missing.into_iter().collect(),
    })
}

/// Follows a chain to its end; says which entry is broken, and how. Takes the hashes it comes by out of `missing`.
async fn follow(
    store: &Store,
    installation_id: i64,
    chain: &mut AuditChain,
    missing: &mut BTreeSet<String>,
) -> anyhow::Result<Option<String>> {
    // What somebody has put before the first entry is looked at, too.
    let mut after = i64::MIN;
    loop {
        let page = match store.audit(installation_id, after, PAGE).await {
            Err(error @ StoreError::Unreadable { .. }) => return Ok(Some(error.to_string())),
            page => page?,
        };
        let Some(last) = page.last() else {
            return Ok(None);
        };
        after = last.sequence;
        for record in &page {
            if let Err(wrong) = chain.follow(record) {
                return Ok(Some(format!("entry {}: {wrong}", record.sequence)));
            }
            missing.remove(&record.hash);
        }
    }
}

async fn export(arguments: &Export, out: &mut dyn Write) -> anyhow::Result<()> {
    let store = Store::open_read_only(&arguments.record.database).await?;
    for head in chains(&store, &arguments.record).await? {
        let mut after = arguments.after;
        loop {
            let page = store.audit(head.installation_id, after, PAGE).await?;
            let Some(last) = page.last() else {
                break;
            };
            after = last.sequence;
            let mut lines = Vec::new();
            for record in &page {
                serde_json::to_writer(&mut lines, record)?;
                lines.push(b'\n');
            }
            out.write_all(&lines)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// The chains that are asked for.
async fn chains(store: &Store, record: &Record) -> anyhow::Result<Vec<AuditHead>> {
    let mut heads = store.audit_heads().await?;
    let Some(installation_id) = record.workspace else {
        return Ok(heads);
    };
    let all: Vec<String> = heads.iter().map(name).collect();
    heads.retain(|head| head.installation_id == installation_id);
    ensure!(
        !heads.is_empty(),
        "workspace {installation_id} has no entries; there are entries of: {}",
        if all.is_empty() {
            "none".to_owned()
        } else {
            all.join(", ")
        }
    );
    Ok(heads)
}

fn name(head: &AuditHead) -> String {
    match head.account.as_str() {
        "" => format!("workspace {}", head.installation_id),
        account => format!("workspace {} ({account})", head.installation_id),
    }
}

/// A hash as `verify` says it.
fn hash(text: &str) -> Result<String, String> {
    let text = text.trim().to_ascii_lowercase();
    let is_hash = text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hash.then_some(text).ok_or_else(|| {
        "a head is 64 hexadecimal digits, as `ocuroot audit verify` says it".to_owned()
    })
}

/// Whether whoever reads our output has had enough, as `head` has.
fn is_closed(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
