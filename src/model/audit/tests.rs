use serde_json::{Value, json};

use super::{AuditBreak, AuditChain, AuditEntry, AuditRecord, NO_PREVIOUS, Verdict};
use crate::model::Timestamp;

fn entry() -> AuditEntry {
    AuditEntry {
        actor: Some("alice".to_owned()),
        action: "deploy".to_owned(),
        subject: "github.com/acme/shop/-/api/release.ocu.star/@r7".to_owned(),
        verdict: Verdict::Refused,
        reason_code: "not_a_deployer".to_owned(),
        detail: json!({"environment": "production", "by": [{"z": 1, "a": "é\n\u{7f}\"/"}], "count": 2}),
    }
}

fn record() -> AuditRecord {
    AuditRecord::new(1, 7, Timestamp(1_795_424_400_000), &entry(), NO_PREVIOUS)
}

/// A chain of `count` entries.
fn records(count: i64) -> Vec<AuditRecord> {
    let mut previous = NO_PREVIOUS.to_owned();
    let mut records = Vec::new();
    for sequence in 1..=count {
        let record = AuditRecord::new(sequence, 7, Timestamp(5), &entry(), &previous);
        previous.clone_from(&record.hash);
        records.push(record);
    }
    records
}

/// How far the chain holds, and what is wrong with the entry after that.
fn follow(records: &[AuditRecord]) -> (i64, Option<AuditBreak>) {
    let mut chain = AuditChain::default();
    let wrong = records.iter().find_map(|record| chain.follow(record).err());
    (chain.sequence, wrong)
}

/// Computed with Python: `hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":"),
/// ensure_ascii=False).encode()).hexdigest()`.
#[test]
fn the_hash_is_that_of_the_json_with_sorted_members() {
    assert_eq!(
        record().hash,
        "67058c8cf1e38dd2d43f4db59a870859b238f6a01e42feec2e870ae70c0a30ad"
    );
}

#[test]
fn the_exported_object_is_what_is_hashed_and_the_hash() {
    let record = record();
    let text = serde_json::to_string(&record).expect("JSON");
    let mut members: serde_json::Map<String, Value> = serde_json::from_str(&text).expect("JSON");
    assert_eq!(members.remove("hash"), Some(json!(record.hash)));
    assert_eq!(members["at"], json!(1_795_424_400_000_i64));
    assert_eq!(members["verdict"], json!("refused"));
    let names: Vec<&str> = members.keys().map(String::as_str).collect();
    assert!(names.is_sorted(), "{names:?}");
    let digest = <sha2::Sha256 as sha2::Digest>::digest(Value::Object(members).to_string());
    assert_eq!(hex::encode(digest), record.hash);
}

#[test]
fn whatever_is_changed_shows() {
    type Change = fn(&mut AuditRecord);
    let changes: [Change; 14] = [
        |record| record.sequence += 1,
        |record| record.installation_id += 1,
        |record| record.at.0 += 1,
        |record| record.entry.actor = None,
        |record| record.entry.actor = Some("mallory".to_owned()),
        |record| record.entry.action.push('s'),
        |record| record.entry.subject.clear(),
        |record| record.entry.verdict = Verdict::Allowed,
        |record| record.entry.verdict = Verdict::Recorded,
        |record| record.entry.reason_code.push('s'),
        |record| record.entry.detail["environment"] = json!("staging"),
        |record| record.entry.detail["count"] = json!("2"),
        |record| record.previous = "1".repeat(64),
        |record| record.hash = record.hash.to_uppercase(),
    ];
    assert!(record().is_sound());
    let mut hashes = std::collections::BTreeSet::from([record().hash]);
    for (position, change) in changes.iter().enumerate() {
        let mut changed = record();
        change(&mut changed);
        assert!(!changed.is_sound(), "change {position}");
        let AuditRecord {
            sequence,
            installation_id,
            at,
            entry,
            previous,
            ..
        } = &changed;
        let hash = AuditRecord::hash_of(*sequence, *installation_id, *at, entry, previous);
        let is_new = hashes.insert(hash);
        assert_eq!(
            is_new,
            position < 13,
            "change {position}: the hash itself is not hashed"
        );
    }
}

#[test]
fn nobody_and_a_person_without_a_name_differ() {
    let hash = |actor: Option<&str>| {
        let actor = actor.map(str::to_owned);
        let entry = AuditEntry { actor, ..entry() };
        AuditRecord::new(1, 7, Timestamp(5), &entry, NO_PREVIOUS).hash
    };
    assert_ne!(hash(None), hash(Some("")));
    assert_ne!(hash(None), hash(Some("null")));
}

#[test]
fn text_does_not_move_from_one_member_to_the_next() {
    let hash = |action: &str, subject: &str| {
        let entry = AuditEntry {
            action: action.to_owned(),
            subject: subject.to_owned(),
            ..entry()
        };
        AuditRecord::new(1, 7, Timestamp(5), &entry, NO_PREVIOUS).hash
    };
    assert_ne!(hash("deploy", "er"), hash("deploye", "r"));
    assert_ne!(
        hash("a", r#"b","verdict":"allowed"#),
        hash(r#"a","subject":"b"#, r#"allowed"#)
    );
}

#[test]
fn a_detail_hashes_the_same_after_it_was_kept() {
    let deep = (0..500).fold(json!(1), |inside, _| json!([inside]));
    for detail in [
        json!(1e16),
        json!(1.0),
        json!(-0.0),
        json!(f64::MIN_POSITIVE),
        serde_json::from_str("[1.50, 1E400, 123456789012345678901234567890]").expect("JSON"),
        json!({"$serde_json::private::Number": "x"}),
        deep,
        Value::Null,
    ] {
        let given = AuditEntry { detail, ..entry() };
        let mut record = AuditRecord::new(1, 7, Timestamp(5), &given, NO_PREVIOUS);
        assert_eq!(
            AuditRecord::hash_of(1, 7, Timestamp(5), &given, NO_PREVIOUS),
            record.hash
        );
        let kept = record.entry.detail.to_string();
        record.entry.detail = serde_json::from_str(&kept).expect("it comes back");
        assert_eq!(record.entry.detail.to_string(), kept);
        assert!(record.is_sound(), "{kept}");
    }
}

#[test]
fn a_chain_ends_before_what_was_tampered_with() {
    let sound = records(5);
    assert_eq!(follow(&sound), (5, None));
    assert_eq!(follow(&sound[..3]), (3, None), "a cut end cannot be seen");

    let mut changed = sound.clone();
    changed[2].entry.action = "approve".to_owned();
    assert_eq!(follow(&changed), (2, Some(AuditBreak::Changed)));

    let mut rehashed = sound.clone();
    let entry = AuditEntry {
        actor: None,
        ..entry()
    };
    rehashed[2] = AuditRecord::new(3, 7, Timestamp(5), &entry, &sound[1].hash);
    assert_eq!(follow(&rehashed), (3, Some(AuditBreak::Link)));

    let mut missing = sound.clone();
    missing.remove(2);
    assert_eq!(follow(&missing), (2, Some(AuditBreak::Gap { before: 2 })));
    assert_eq!(
        follow(&sound[1..]),
        (0, Some(AuditBreak::Gap { before: 0 }))
    );

    let mut twice = sound;
    twice.insert(2, twice[1].clone());
    assert_eq!(follow(&twice), (2, Some(AuditBreak::Gap { before: 2 })));
}
