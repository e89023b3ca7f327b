//! `/ocuroot …` in comments: from words to triggers, with the right of the person asked from GitHub at that moment.

mod carry;
mod confirm;
mod deploy;
mod look;
mod people;
mod places;
mod say;
mod set;
mod sync;
mod target;

pub(super) use deploy::places_of;
pub(super) use people::Place;

use serde_json::{Value, json};

use super::line::{Asker, Comment, Decision};
use super::{Problem, Worker};
use crate::command::{self, Command, Verb};
use crate::engine::Trigger;
use crate::engine::plan::Call;
use crate::model::{EnvironmentName, Permission};
use crate::report::{self, Refusal};
use crate::store::{Confirmation, Delivery, Done, Repository};
use crate::webhook::{self, Sender};

/// Somebody giving commands in a comment.
#[derive(Clone, Copy)]
struct Speaker<'a> {
    repository: &'a Repository,
    place: Comment,
    login: &'a str,
    permission: Permission,
    /// Whether this is the second word on a command that wanted one.
    is_confirmed: bool,
}

impl<'a> Speaker<'a> {
    fn person(&self) -> (&'a str, Permission) {
        (self.login, self.permission)
    }
}

/// What one command comes to.
#[derive(Default)]
struct Asked {
    triggers: Vec<Trigger>,
    replies: Vec<String>,
    refusals: Vec<Refusal>,
    /// Where it changes something.
    places: Vec<Place>,
    /// Environments that it takes away, with all that is there.
    removed: Vec<EnvironmentName>,
}

impl Asked {
    fn refuse(refusal: Refusal) -> Asked {
        Asked {
            refusals: vec![refusal],
            ..Asked::default()
        }
    }

    fn reply(words: String) -> Asked {
        Asked {
            replies: vec![words],
            ..Asked::default()
        }
    }
}

/// What the commands of one comment come to.
#[derive(Default)]
struct Heard {
    /// Every line of the comment that is meant as a command.
    lines: Vec<String>,
    triggers: Vec<Trigger>,
    replies: Vec<String>,
    /// What programs that read the reply are told besides the engine's answers.
    told: Vec<Value>,
    is_refused: bool,
    /// Commands that got their second word.
    confirmed: Vec<Confirmation>,
}

impl Heard {
    fn take(&mut self, line: &str, asked: Asked) {
        self.triggers.extend(asked.triggers);
        self.replies.extend(asked.replies);
        for refusal in &asked.refusals {
            self.refuse(line, refusal);
        }
    }

    fn refuse(&mut self, line: &str, refusal: &Refusal) {
        self.replies.push(report::refusal(refusal));
        self.told.push(json!({
            "decision": "refused",
            "reason_code": refusal.code(),
            "subject": line,
        }));
        self.is_refused = true;
    }
}

impl Worker {
    pub(super) async fn on_comment(
        &self,
        delivery: &Delivery,
        repository: &Repository,
        comment: &webhook::Comment,
        sender: Option<&Sender>,
    ) -> Result<(), Problem> {
        let commands = command::parse(&comment.body);
        let author = comment.author.as_ref();
        // Only a person's own words count: not a bot's (ours among them), and not words somebody else put there.
        let (Some(author), Some(sender)) = (author, sender) else {
            return self.ignore(delivery, "its author is gone").await;
        };
        let is_spoken =
            !author.is_bot && !sender.is_bot && author.id == sender.id && comment.by_app.is_none();
        if commands.is_empty() || !is_spoken || !comment.on_pull_request {
            return self.ignore(delivery, "no command").await;
        }
        if self.is_heard(repository.installation_id, comment).await? {
            return self.ignore(delivery, "the comment was heard before").await;
        }
        let speaker = self.speaker(repository, comment, &author.login).await?;
        let mut heard = Heard::default();
        let lines = commands.iter().map(|command| match command {
            Ok(command) => command.line.clone(),
            Err(error) => error.line.clone(),
        });
        heard.lines = lines.collect();
        for command in commands {
            match command {
                Ok(command) => self.hear(speaker, &command, &mut heard).await?,
                Err(error) => {
                    let line = error.line.clone();
                    heard.refuse(&line, &Refusal::NotUnderstood(error));
                }
            }
        }
        let done = Done::Delivery(delivery.id);
        let mut decision = Decision::new(repository.installation_id, heard.triggers, done);
        decision.asked_in = Some(speaker.place);
        decision.said = heard.replies;
        decision.told = heard.told;
        decision.is_refused = heard.is_refused;
        decision.asked_by = Some(Asker {
            login: author.login.clone(),
            place: format!("{}#{}", repository.name, comment.number),
            lines: heard.lines,
        });
        self.decide(decision).await?;
        for confirmation in &heard.confirmed {
            self.store.forget_confirmation(confirmation).await?;
        }
        Ok(())
    }

    /// Whether the comment's commands were taken up: its reaction is written down with the decision. GitHub does not sign
    /// the GUID of a delivery, so whoever has the bytes of one can send them again under another.
    async fn is_heard(
        &self,
        installation_id: i64,
        comment: &webhook::Comment,
    ) -> Result<bool, Problem> {
        let reaction = Call::React {
            comment: comment.id,
            is_taken: true,
        };
        let key = reaction.key();
        Ok(self.store.has_effect(installation_id, &key).await?)
    }

    async fn speaker<'a>(
        &self,
        repository: &'a Repository,
        comment: &webhook::Comment,
        login: &'a str,
    ) -> Result<Speaker<'a>, Problem> {
        let installation = self.github.installation(repository.installation_id);
        Ok(Speaker {
            repository,
            place: Comment {
                repository_id: repository.id,
                pull_request: comment.number,
                id: comment.id,
            },
            login,
            permission: installation.permission(&repository.name, login).await?,
            is_confirmed: false,
        })
    }

    async fn hear(
        &self,
        speaker: Speaker<'_>,
        command: &Command,
        heard: &mut Heard,
    ) -> Result<(), Problem> {
        let needs = command.verb.needed_permission();
        if speaker.permission < needs {
            let refusal = Refusal::NotAllowed {
                verb: command.verb.as_str().to_owned(),
                login: speaker.login.to_owned(),
                has: speaker.permission,
                needs,
            };
            heard.refuse(&command.line, &refusal);
            return Ok(());
        }
        if command.verb == Verb::Confirm {
            return self.hear_confirmation(speaker, command, heard).await;
        }
        let mut asked = self.understand(speaker, command).await?;
        self.tell_packages_apart(speaker, command, &mut asked)
            .await?;
        let asked = if command.is_dry_run {
            self.foreseen(speaker, asked).await?
        } else {
            let instead = self.wants_second_word(speaker, command, &asked).await?;
            instead.unwrap_or(asked)
        };
        heard.take(&command.line, asked);
        Ok(())
    }

    async fn understand(&self, speaker: Speaker<'_>, command: &Command) -> Result<Asked, Problem> {
        match command.verb {
            Verb::Help => self.hear_help(speaker, command).await,
            Verb::Status => self.hear_status(speaker, command).await,
            Verb::Plan => self.hear_plan(speaker).await,
            Verb::Where => self.hear_where(speaker, command).await,
            Verb::Why => self.hear_why(speaker, command).await,
            Verb::Impact => self.hear_impact(speaker, command).await,
            Verb::Sync => self.hear_sync(speaker).await,
            Verb::Deploy => self.hear_deploy(speaker, command).await,
            Verb::Undeploy => self.hear_undeploy(speaker, command).await,
            Verb::Promote => self.hear_promote(speaker, command).await,
            Verb::Rollback => self.hear_rollback(speaker, command).await,
            Verb::Approve | Verb::Reject | Verb::Retry | Verb::Cancel => {
                self.hear_wish(speaker, command).await
            }
            Verb::Lock | Verb::Freeze => self.hear_lock(speaker, command).await,
            Verb::Pin => self.hear_pin(speaker, command).await,
            Verb::Unlock | Verb::Unfreeze | Verb::Unpin => self.hear_unlock(speaker, command).await,
            Verb::Set | Verb::Unset => self.hear_set(speaker, command).await,
            // Heard before it comes to this.
            Verb::Confirm => Ok(Asked::default()),
        }
    }
}
