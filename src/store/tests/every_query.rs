//! Calls every function of the store once, with something in the database for each to find.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Bytes;
use serde_json::json;

use super::decision::{
    INSTALLATION, LATER, NOW, REPOSITORY, head, hold, package, plan, proposed, release, run, tagged,
};
use super::{budgets, previews, recorded};
use crate::engine::Plan;
use crate::model::{DeliveryId, latest_document};
use crate::store::{
    Claim, Commit, Committed, Confirmation, Done, GithubObject, PullRequestRow, Scope, Shut, Store,
    Wave,
};
use crate::webhook::IncomingDelivery;

pub(super) async fn call_every_function(store: &Store) -> super::super::Result<()> {
    repositories(store).await?;
    sources_and_checks(store).await?;
    inbox(store).await?;
    sweep(store).await?;
    decisions(store).await?;
    audit(store).await?;
    releases(store).await?;
    standing(store).await?;
    outbox_and_waves(store).await?;
    runs(store).await?;
    super::missed::call_every_function(store).await?;
    super::watch::call_every_function(store).await?;
    super::verified::call_every_function(store).await?;
    alone(store).await?;
    recorded::call_every_function(store).await?;
    let repositories = store.repositories_of_workspace(INSTALLATION).await?;
    assert_eq!(repositories, [REPOSITORY]);
    let changed = "@/environment/eu".parse().expect("a ref");
    assert!(store.impact(INSTALLATION, &changed).await?.is_empty());
    assert!(!store.has_effect(INSTALLATION, "react 77").await?);
    store.repository_gone(REPOSITORY).await?;
    store.check_writable(NOW).await
}

async fn repositories(store: &Store) -> super::super::Result<()> {
    let name = "acme/shop".parse().expect("a name");
    store.put_workspace(INSTALLATION, "acme", false).await?;
    let repository = store
        .put_repository(
            INSTALLATION,
            REPOSITORY,
            &name,
            &package().repository,
            "main",
        )
        .await?;
    assert_eq!(
        store.repository(REPOSITORY).await?,
        Some(repository.clone())
    );
    let by_reference = store
        .repository_by_reference(INSTALLATION, &package().repository)
        .await?;
    assert_eq!(by_reference, Some(repository.clone()));
    let by_name = store.repository_by_name(&name).await?;
    assert_eq!(by_name, Some(repository.clone()));
    store
        .put_known_file(&repository, "shared.ocu.star", &BTreeSet::new())
        .await?;
    assert_eq!(store.known_packages(REPOSITORY).await?.len(), 1);
    let row = PullRequestRow {
        repository_id: REPOSITORY,
        number: 3,
        head_sha: head(),
        base_ref: "main".to_owned(),
        is_fork: false,
        is_open: true,
    };
    store.put_pull_request(&row, NOW).await?;
    let of_head = store.pull_requests_of_head(REPOSITORY, &head()).await?;
    assert_eq!(of_head, [row]);
    let of_number = store.pull_request(REPOSITORY, 3).await?;
    let of_number = of_number.map(|pull| pull.head_sha);
    let repository = package().repository;
    let holders = store
        .holders_of_repository(INSTALLATION, &repository)
        .await?;
    assert!(holders.is_empty());
    let between = store
        .pull_requests_between(INSTALLATION, &release(), crate::model::ReleaseNumber(0))
        .await?;
    assert!(between.is_empty());
    assert_eq!(of_number, Some(head()));
    Ok(())
}

async fn sources_and_checks(store: &Store) -> super::super::Result<()> {
    let files = BTreeMap::from([("repo.ocu.star".to_owned(), "blob".to_owned())]);
    let texts = BTreeMap::from([("blob".to_owned(), "text".to_owned())]);
    store
        .put_sources(REPOSITORY, &head(), &files, &texts)
        .await?;
    assert_eq!(store.source_tree(REPOSITORY, &head()).await?, Some(files));
    let blobs = ["blob".to_owned()];
    assert_eq!(store.source_blobs(REPOSITORY, &blobs).await?, texts);
    let object = GithubObject {
        github_id: 5,
        digest: String::new(),
    };
    let key = "release check x";
    store.put_github_object(INSTALLATION, key, &object).await?;
    assert_eq!(store.github_object(INSTALLATION, key).await?, Some(object));
    let found = store.key_of_github_object(INSTALLATION, 5).await?;
    assert_eq!(found.as_deref(), Some(key));
    Ok(())
}

/// Another workspace.
fn busy() -> BTreeSet<i64> {
    BTreeSet::from([INSTALLATION + 1])
}

fn shut() -> Shut {
    Shut {
        busy: busy(),
        held: busy(),
        slow: busy(),
    }
}

async fn inbox(store: &Store) -> super::super::Result<()> {
    let delivery = IncomingDelivery {
        id: DeliveryId::new("a"),
        event: "push".to_owned(),
        action: None,
        installation_id: Some(INSTALLATION),
        repository_id: Some(REPOSITORY),
        body: Bytes::from_static(b"{}"),
    };
    let batch = [delivery.clone(), delivery];
    assert_eq!(store.append_deliveries(&batch, NOW).await?, [true, false]);
    let claimed = store
        .claim_delivery(NOW, 60, &busy())
        .await?
        .expect("it is due");
    store.release_claims(NOW, 60).await?;
    store.postpone_delivery(claimed.id, LATER, "later").await?;
    assert_eq!(store.pending_deliveries().await?, (1, Some(LATER)));
    store
        .close_delivery(claimed.id, "failed", Some("no"))
        .await?;
    assert_eq!(store.failed_deliveries().await?, ["push a: no"]);
    let kept = store.kept_delivery(&DeliveryId::new("a")).await?;
    assert_eq!(kept.map(|kept| kept.state).as_deref(), Some("failed"));
    Ok(())
}

async fn sweep(store: &Store) -> super::super::Result<()> {
    assert_eq!(store.sweep_position("deliveries").await?, None);
    store.put_sweep_position("deliveries", NOW).await?;
    assert_eq!(store.sweep_position("deliveries").await?, Some(NOW));
    let keys = ["a".to_owned(), "b".to_owned()];
    assert_eq!(store.missing_deliveries(&keys).await?, ["b"]);
    let unseen = store.take_unseen_repositories(NOW, LATER, 5).await?;
    assert!(unseen.len() <= 1, "{unseen:?}");
    Ok(())
}

fn of_workspace() -> Scope {
    Scope {
        installation_id: INSTALLATION,
        ..Scope::default()
    }
}

async fn decisions(store: &Store) -> super::super::Result<()> {
    let (_, version) = store.snapshot(&Scope::default()).await?;
    let plan = plan();
    for (version, committed) in [
        (version, Committed::Yes),
        (version + 5, Committed::Outdated),
    ] {
        let commit = Commit {
            installation_id: INSTALLATION,
            version,
            plan: &plan,
            done: Done::Delivery(1),
            released: Some((REPOSITORY, head())),
            now: NOW,
        };
        assert_eq!(store.commit(&commit).await?, committed);
    }
    let (_, version) = store.snapshot(&of_workspace()).await?;
    let answered = Commit {
        installation_id: INSTALLATION,
        version,
        plan: &Plan::default(),
        done: Done::Answered(1, "{}"),
        released: None,
        now: NOW,
    };
    assert_eq!(store.commit(&answered).await?, Committed::Yes);
    let kept = store.kept_delivery(&DeliveryId::new("a")).await?;
    assert_eq!(kept.and_then(|kept| kept.answer).as_deref(), Some("{}"));
    let staging = || "staging".parse().expect("a name");
    let scope = Scope {
        installation_id: INSTALLATION,
        packages: BTreeSet::from([package()]),
        releases: BTreeSet::from([release()]),
        runs: BTreeSet::from([run()]),
        commit: Some(head()),
        files: BTreeMap::from([(package(), crate::model::Package::default())]),
        live: BTreeSet::from([(package(), staging())]),
        reads: BTreeSet::new(),
        writes: BTreeSet::from([tagged()]),
        approves: BTreeSet::from([release()]),
        returns: BTreeSet::from([(package(), staging())]),
        intents: BTreeSet::from([tagged()]),
        environments: BTreeSet::from([staging()]),
        follow: BTreeSet::new(),
        is_asked: true,
        repositories: BTreeSet::from([package().repository]),
    };
    let (snapshot, version) = store.snapshot(&scope).await?;
    assert!(
        snapshot.documents.contains_key(&tagged()),
        "{:?}",
        snapshot.documents
    );
    let last = (package(), staging());
    assert_eq!(snapshot.last_of_default.get(&last), Some(&release()));
    let effect = store
        .claim_effect(NOW, 60, &shut())
        .await?
        .expect("it is due");
    let commit = Commit {
        installation_id: INSTALLATION,
        version,
        plan: &Plan::default(),
        done: Done::Effect(&effect),
        released: None,
        now: NOW,
    };
    assert_eq!(store.commit(&commit).await?, Committed::Yes);
    Ok(())
}

async fn audit(store: &Store) -> super::super::Result<()> {
    let records = store.audit(INSTALLATION, 0, 10).await?;
    assert_eq!(records.len(), 1, "{records:?}");
    let heads = store.audit_heads().await?;
    assert_eq!(heads.len(), 1, "{heads:?}");
    assert_eq!(heads[0].hash, records[0].hash);
    Ok(())
}

async fn releases(store: &Store) -> super::super::Result<()> {
    let of_pull_request = store.releases_of_pull_request(REPOSITORY, 3).await?;
    assert_eq!(of_pull_request, [release()]);
    let newest = store.newest_release(INSTALLATION, &package()).await?;
    assert_eq!(newest, Some(release()));
    let here = store.released_packages_of(REPOSITORY).await?;
    assert_eq!(here, BTreeSet::from([package()]));
    let of_lane = store.packages_of_lane(REPOSITORY, 4).await?;
    assert_eq!(of_lane, BTreeSet::from([package()]));
    let all = store
        .released_packages(INSTALLATION, &BTreeSet::new())
        .await?;
    assert_eq!(all, BTreeSet::from([package()]));
    store.progress(INSTALLATION, &release()).await?;
    previews::call_every_function(store).await?;
    let everywhere = store.deployments(INSTALLATION).await?;
    assert_eq!(everywhere.len(), 1);
    let here = store
        .deployments_of_repository(INSTALLATION, &package().repository)
        .await?;
    assert_eq!(here, everywhere);
    let packages = BTreeSet::from([package()]);
    let of_packages = store
        .deployments_of_packages(INSTALLATION, &packages)
        .await?;
    assert_eq!(of_packages, everywhere);
    let written = store
        .checks_of_commit(INSTALLATION, REPOSITORY, &head())
        .await?;
    assert_eq!(written, Vec::<String>::new());
    let latest = latest_document(&package(), &run().key);
    assert!(store.document(INSTALLATION, &latest).await?.is_some());
    Ok(())
}

async fn standing(store: &Store) -> super::super::Result<()> {
    let holds = store
        .holds_of_pull_request(INSTALLATION, &package().repository, 4)
        .await?;
    assert_eq!(holds, [hold()]);
    let staging = "staging".parse().expect("a name");
    let before = store
        .release_before(INSTALLATION, &proposed(), &staging)
        .await?;
    assert_eq!(before, Some(release()));
    let confirmation = Confirmation {
        repository_id: REPOSITORY,
        pull_request: 3,
        login: "alice".to_owned(),
        line: "/ocuroot deploy production".to_owned(),
        head: head(),
        expires_at: LATER,
    };
    store.put_confirmation(&confirmation).await?;
    store.forget_what_has_ended(NOW).await?;
    let waiting = store.confirmation(REPOSITORY, 3, "alice", NOW).await?;
    assert_eq!(waiting, Some(confirmation.clone()));
    store.forget_confirmation(&confirmation).await?;
    let waiting = store.confirmation(REPOSITORY, 3, "alice", NOW).await?;
    assert_eq!(waiting, None);
    Ok(())
}

async fn outbox_and_waves(store: &Store) -> super::super::Result<()> {
    let claimed = store.claim_effect(NOW, 60, &shut()).await?;
    let effect = claimed.expect("the check run is due");
    let companions = store.claim_companions(&effect, 2, LATER, 60, 10).await?;
    assert!(companions.is_empty(), "there is no other start");
    store.effect_postponed(&effect, NOW, false, "later").await?;
    budgets::ask(store, &effect).await?;
    let row = store.run_by_name(INSTALLATION, &run()).await?;
    let row = row.expect("the run");
    let wave = Wave {
        key: "wave".to_owned(),
        installation_id: INSTALLATION,
        repository_id: REPOSITORY,
        workflow: "ocuroot.yml".to_owned(),
        is_native: false,
        is_listed: true,
        created_at: NOW,
        workflow_run_id: None,
        url: None,
    };
    let effects = [effect.clone()];
    store
        .create_wave(&wave, &effects, &[(row.id, row.fence)])
        .await?;
    assert_eq!(store.effects_of_wave("wave").await?.len(), 1);
    store.has_unconfirmed_native_wave(1).await?;
    store.wave_started("wave", 99, None).await?;
    assert!(store.wave("wave").await?.is_some());
    assert!(store.wave_of_workflow_run(99).await?.is_some());
    assert_eq!(store.active_runs_of_wave("wave").await?.len(), 1);
    assert_eq!(store.unreported_runs_of_wave("wave").await?.len(), 1);
    assert_eq!(store.take_silent_waves(NOW, LATER).await?.len(), 1);
    store.effect_done(&effect, NOW).await?;
    store.effect_failed(&effect, "no").await?;
    assert_eq!(store.pending_effects().await?.2.len(), 1);
    Ok(())
}

async fn runs(store: &Store) -> super::super::Result<()> {
    let row = store.run_by_name(INSTALLATION, &run()).await?;
    let row = row.expect("the run");
    assert_eq!(store.run(row.id).await?, Some(row.clone()));
    let claim = Claim {
        run_id: row.id,
        fence: 1,
        nonce: "nonce",
        report_token: "token",
        job_url: None,
        token_id: "id",
        token_expires: LATER,
    };
    assert!(store.claim_run(&row, &claim, NOW).await?);
    let lines = ["line".to_owned()];
    store.append_logs(row.id, 1, 0, &lines, NOW).await?;
    assert_eq!(store.last_logs(row.id, 5).await?, lines);
    let from = store.logs_from(row.id, 1, 0, 5).await?;
    assert_eq!(from, [(0, "line".to_owned())]);
    let outputs = BTreeMap::from([("url".to_owned(), json!("https://a"))]);
    assert!(store.add_outputs(row.id, 1, &outputs).await?);
    Ok(())
}

/// What a process asks that has the record to itself.
async fn alone(store: &Store) -> super::super::Result<()> {
    store.due_deliveries(INSTALLATION, LATER).await?;
    store.waiting_effects(INSTALLATION).await?;
    store.taken_runs(INSTALLATION).await?;
    store.tagged_release(INSTALLATION, &package(), "v1").await?;
    let commit = head();
    let made = store
        .releases_of_commit(INSTALLATION, &package(), commit.as_str())
        .await?;
    assert!(!made.is_empty());
    store.states(INSTALLATION).await?;
    store.intents(INSTALLATION).await?;
    super::intent_branches::ask(store).await
}
