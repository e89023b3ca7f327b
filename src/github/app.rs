//! The App itself: who it is, where it is installed, what GitHub tried to deliver.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::call::{Call, Caller};
use super::client::GitHub;
use super::error::GitHubError;
use crate::model::Timestamp;

/// What GitHub knows of our App.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AppFacts {
    /// GitHub's id.
    pub id: i64,
    /// The name in its addresses; its bot is called `<slug>[bot]`.
    #[serde(default)]
    pub slug: String,
    /// What it may do: permission to `read` or `write`.
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
    /// The events it gets.
    #[serde(default)]
    pub events: Vec<String>,
}

/// An installation of our App.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstallationFacts {
    /// GitHub's id.
    pub id: i64,
    /// The account it is on; `None` when GitHub does not tell.
    pub account_login: Option<String>,
    /// The account's id.
    pub account_id: Option<i64>,
    /// `User` or `Organization`, as GitHub says.
    pub account_kind: Option<String>,
    /// Whether it may do nothing at the moment.
    pub suspended: bool,
    /// What it was granted; may lag behind what the App asks for.
    pub permissions: BTreeMap<String, String>,
}

/// One attempt to deliver a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct HookDelivery {
    /// The attempt's id: what a redelivery is asked by.
    pub id: i64,
    /// The delivery's id, shared by all its attempts: what we record it by.
    pub guid: String,
    /// When, RFC 3339.
    pub delivered_at: String,
    /// Whether somebody asked for it.
    #[serde(default)]
    pub redelivery: bool,
    /// `OK`, or what went wrong.
    #[serde(default)]
    pub status: String,
    /// The status we answered, 0 when we did not.
    #[serde(default)]
    pub status_code: i64,
    /// The event's name.
    #[serde(default)]
    pub event: String,
    /// Its action.
    pub action: Option<String>,
    /// The installation it is for.
    pub installation_id: Option<i64>,
    /// The repository it is about.
    pub repository_id: Option<i64>,
}

impl HookDelivery {
    /// When; a time that cannot be read counts as very old.
    pub fn at(&self) -> Timestamp {
        Timestamp::from_rfc3339(&self.delivered_at).unwrap_or_default()
    }
}

/// A page of attempts, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryPage {
    /// The attempts.
    pub deliveries: Vec<HookDelivery>,
    /// Where the next, older page begins; `None` on the last one.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct InstallationItem {
    id: i64,
    account: Option<Account>,
    suspended_at: Option<String>,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Account {
    id: i64,
    login: Option<String>,
    slug: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl GitHub {
    /// What GitHub knows of our App.
    ///
    /// # Errors
    /// `Rejected` with 401 when the App id and the private key do not belong together.
    pub async fn app(&self) -> Result<AppFacts, GitHubError> {
        self.app_caller()
            .json(Call::get(String::from("/app")))
            .await
    }

    /// Everywhere the App is installed.
    ///
    /// # Errors
    /// `Rejected` with 401 when the App id and the private key do not belong together.
    pub async fn installations(&self) -> Result<Vec<InstallationFacts>, GitHubError> {
        let call = Call::get(String::from("/app/installations"));
        let caller = self.app_caller();
        let items = caller
            .pages(call, |page: Vec<InstallationItem>| page)
            .await?;
        Ok(items.into_iter().map(InstallationItem::read).collect())
    }

    /// The webhooks GitHub tried to deliver, newest first, from `cursor` on.
    ///
    /// # Errors
    /// `Rejected` with 422 for a cursor GitHub does not know.
    pub async fn hook_deliveries(&self, cursor: Option<&str>) -> Result<DeliveryPage, GitHubError> {
        let call = Call::get(String::from("/app/hook/deliveries")).query("per_page", "100");
        let call = match cursor {
            Some(cursor) => call.query("cursor", cursor),
            None => call,
        };
        let answer = self.app_caller().send(call).await?;
        Ok(DeliveryPage {
            deliveries: answer.json()?,
            next: Caller::next_parameter(&answer, "cursor"),
        })
    }

    /// Asks GitHub to deliver a webhook again, by the id of one of its attempts.
    ///
    /// # Errors
    /// `NotFound` or `Rejected` when it is too old.
    pub async fn redeliver(&self, id: i64) -> Result<(), GitHubError> {
        let call = Call::post_nothing(format!("/app/hook/deliveries/{id}/attempts"));
        self.app_caller().send(call).await.map(|_| ())
    }
}

impl InstallationItem {
    fn read(self) -> InstallationFacts {
        let (id, login, kind) = match self.account {
            Some(account) => (
                Some(account.id),
                account.login.or(account.slug),
                account.kind,
            ),
            None => (None, None, None),
        };
        InstallationFacts {
            id: self.id,
            account_login: login,
            account_id: id,
            account_kind: kind,
            suspended: self.suspended_at.is_some(),
            permissions: self.permissions,
        }
    }
}
