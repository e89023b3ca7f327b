//! Issues, comments and reactions.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::world::World;

/// GitHub refuses longer bodies.
const BODY_LIMIT: usize = 65_536;

/// The reactions there are.
pub(crate) const REACTIONS: [&str; 8] = [
    "+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes",
];

/// An issue that is not a pull request.
#[derive(Clone, Debug)]
pub(crate) struct Issue {
    pub(crate) title: String,
    pub(crate) user: String,
    pub(crate) created_at: i64,
}

/// A comment in the conversation of an issue or a pull request.
#[derive(Clone, Debug)]
pub struct Comment {
    /// GitHub's id.
    pub id: u64,
    /// The issue or pull request.
    pub number: u64,
    /// Who wrote it.
    pub user: String,
    /// Markdown.
    pub body: String,
    /// Written through the App.
    pub by_app: bool,
    /// Seconds since 1970.
    pub created_at: i64,
    /// Seconds since 1970.
    pub updated_at: i64,
    /// In the order they were given.
    pub reactions: Vec<Reaction>,
}

/// A reaction to a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// GitHub's id.
    pub id: u64,
    /// `+1`, `eyes`, `rocket` …
    pub content: String,
    /// Who reacted.
    pub user: String,
}

impl World {
    /// Opens an issue that is not a pull request.
    pub(crate) fn open_issue(
        &mut self,
        full_name: &str,
        title: &str,
        login: &str,
    ) -> Result<u64, Refusal> {
        self.user(login);
        let now = self.now();
        let repository = self.repository_mut(full_name)?;
        repository.last_number += 1;
        let number = repository.last_number;
        let issue = Issue {
            title: title.to_owned(),
            user: login.to_owned(),
            created_at: now,
        };
        repository.issues.insert(number, issue);
        Ok(number)
    }

    /// Writes a comment.
    pub(crate) fn comment(
        &mut self,
        full_name: &str,
        number: u64,
        login: &str,
        body: &str,
        by_app: bool,
    ) -> Result<u64, Refusal> {
        check_body(body)?;
        self.user(login);
        let now = self.now();
        let id = self.ids.next("comment");
        let repository = self.repository_mut(full_name)?;
        if !repository.pull_requests.contains_key(&number)
            && !repository.issues.contains_key(&number)
        {
            return Err(Refusal::not_found());
        }
        repository.comments.insert(
            id,
            Comment {
                id,
                number,
                user: login.to_owned(),
                body: body.to_owned(),
                by_app,
                created_at: now,
                updated_at: now,
                reactions: Vec::new(),
            },
        );
        self.emit_comment(full_name, id, "created", login, json!({}))?;
        Ok(id)
    }

    /// Replaces the text of a comment.
    pub(crate) fn edit_comment(
        &mut self,
        full_name: &str,
        id: u64,
        login: &str,
        body: &str,
    ) -> Result<(), Refusal> {
        check_body(body)?;
        let now = self.now();
        let repository = self.repository_mut(full_name)?;
        let comment = repository
            .comments
            .get_mut(&id)
            .ok_or_else(Refusal::not_found)?;
        let previous = std::mem::replace(&mut comment.body, body.to_owned());
        comment.updated_at = now;
        self.emit_comment(
            full_name,
            id,
            "edited",
            login,
            json!({"changes": {"body": {"from": previous}}}),
        )
    }

    /// Takes a comment away.
    pub(crate) fn delete_comment(
        &mut self,
        full_name: &str,
        id: u64,
        login: &str,
    ) -> Result<(), Refusal> {
        self.emit_comment(full_name, id, "deleted", login, json!({}))?;
        self.repository_mut(full_name)?.comments.remove(&id);
        Ok(())
    }

    /// Reacts to a comment; `false` when the same reaction was there already.
    pub(crate) fn react(
        &mut self,
        full_name: &str,
        comment: u64,
        login: &str,
        content: &str,
    ) -> Result<(Reaction, bool), Refusal> {
        if !REACTIONS.contains(&content) {
            return Err(Refusal::invalid(
                "Reaction",
                "content",
                format!("{content} is not a reaction"),
            ));
        }
        self.user(login);
        let id = self.ids.next("reaction");
        let repository = self.repository_mut(full_name)?;
        let comment = repository
            .comments
            .get_mut(&comment)
            .ok_or_else(Refusal::not_found)?;
        let same = |reaction: &&Reaction| reaction.content == content && reaction.user == login;
        if let Some(existing) = comment.reactions.iter().find(same) {
            return Ok((existing.clone(), false));
        }
        let reaction = Reaction {
            id,
            content: content.to_owned(),
            user: login.to_owned(),
        };
        comment.reactions.push(reaction.clone());
        Ok((reaction, true))
    }

    fn emit_comment(
        &mut self,
        full_name: &str,
        id: u64,
        action: &str,
        login: &str,
        fields: Value,
    ) -> Result<(), Refusal> {
        let number = self
            .repository(full_name)?
            .comments
            .get(&id)
            .ok_or_else(Refusal::not_found)?
            .number;
        let mut payload = json!({"issue": self.issue_json(full_name, number)?, "comment": self.comment_json(full_name, id)?});
        super::installation::merge(&mut payload, fields);
        self.emit(full_name, "issue_comment", Some(action), login, payload)
    }
}

fn check_body(body: &str) -> Result<(), Refusal> {
    if body.trim().is_empty() {
        return Err(Refusal::invalid(
            "IssueComment",
            "body",
            "Body cannot be blank",
        ));
    }
    if body.chars().count() > BODY_LIMIT {
        return Err(Refusal::invalid(
            "IssueComment",
            "body",
            "Body is too long (maximum is 65536 characters)",
        ));
    }
    Ok(())
}
