//! Who is in which team.

use super::client::{MANIFEST, World};

#[tokio::test]
async fn members_of_a_team_are_found_and_nobody_else() {
    let world = World::new().await;
    world.simulator.set_team("acme", "sre", &["alice"]);
    world.simulator.set_team("other", "sre", &["alice"]);
    let member = world.get("/orgs/acme/teams/sre/memberships/Alice").await;
    assert_eq!(member.status, 200, "{:?}", member.body);
    assert_eq!(member.body["state"], "active");
    assert_eq!(
        member.header("x-accepted-github-permissions"),
        "members=read"
    );
    for path in [
        "/orgs/acme/teams/sre/memberships/bob",
        "/orgs/acme/teams/ops/memberships/alice",
        "/orgs/other/teams/sre/memberships/alice",
    ] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
    world.assert_clean();
}

#[tokio::test]
async fn teams_are_not_told_without_the_permission() {
    let manifest = MANIFEST.replace("  members: read\n", "");
    let world = World::with(|options| options.manifest = manifest).await;
    world.simulator.set_team("acme", "sre", &["alice"]);
    let refused = world.get("/orgs/acme/teams/sre/memberships/alice").await;
    assert_eq!(refused.status, 403);
    world.assert_violation("not accessible");
}
