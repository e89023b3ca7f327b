use std::collections::BTreeSet;

use super::{REPOSITORY, World, signed};

#[tokio::test]
async fn the_app_is_known_with_what_it_may_and_gets() {
    let world = World::new().await;
    let app = world.github.app().await.expect("the App");
    let credentials = world.simulator.app();
    assert_eq!(
        (app.id, &app.slug),
        (signed(credentials.app_id), &credentials.slug)
    );
    let checks = app.permissions.get("checks").map(String::as_str);
    assert_eq!(checks, Some("write"));
    assert!(app.events.iter().any(|event| event == "push"));
    world.assert_clean();
}

#[tokio::test]
async fn installations_are_listed_with_their_account_and_standing() {
    let world = World::new().await;
    let id = world.simulator.installation_id(REPOSITORY).expect("an id");
    let only = async || {
        let mut installations = world.github.installations().await.expect("a listing");
        assert_eq!(installations.len(), 1);
        installations.remove(0)
    };
    let installation = only().await;
    assert_eq!(installation.id, signed(id));
    assert_eq!(installation.account_login.as_deref(), Some("acme"));
    assert_eq!(installation.account_kind.as_deref(), Some("Organization"));
    assert!(!installation.suspended);
    world
        .simulator
        .suspend_installation(id, true)
        .expect("it is suspended");
    assert!(only().await.suspended);
    world.assert_clean();
}

#[tokio::test]
async fn deliveries_are_listed_across_pages_and_asked_for_again() {
    let world = World::new().await;
    for number in 0..110 {
        let text = number.to_string();
        let files = [("n.txt", Some(text.as_str()))];
        world
            .simulator
            .push(REPOSITORY, "main", &files, "Count", "alice")
            .expect("a push");
    }
    // Nobody listens: every delivery fails.
    world.simulator.set_webhook_url("http://127.0.0.1:9/");
    world.simulator.deliver_all().await;
    let mut guids = BTreeSet::new();
    let mut pushes = 0;
    let mut cursor: Option<String> = None;
    let mut last = None;
    loop {
        let page = world.github.hook_deliveries(cursor.as_deref()).await;
        let page = page.expect("a page");
        for delivery in page.deliveries {
            assert_ne!(delivery.status, "OK");
            assert!(guids.insert(delivery.guid.clone()), "every delivery once");
            pushes += usize::from(delivery.event == "push");
            last = Some(delivery);
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pushes, 111);
    let oldest = last.expect("a delivery");
    let again = world.github.redeliver(oldest.id).await;
    assert_eq!(again, Ok(()));
    assert_eq!(world.simulator.pending_deliveries(), 1);
    world.assert_clean();
}
