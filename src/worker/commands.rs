//! `/ocuroot …` in comments: from words to triggers, with the right of the person asked from GitHub at that moment.

use super::line::{Comment, Decision};
use super::{Problem, Worker};
use crate::command::{self, Command, Verb};
use crate::engine::plan::Call;
use crate::engine::trigger::Command as Wish;
use crate::engine::{Effect, Trigger};
use crate::github::{PullRequest, PullRequestState};
use crate::model::{CommitSha, EnvironmentName, ReleaseName, TaskKey};
use crate::report::{self, Refusal};
use crate::store::{Delivery, Done, Repository, Scope};
use crate::webhook::{self, Sender};

/// What the commands of one comment come to.
#[derive(Default)]
struct Heard {
    triggers: Vec<Trigger>,
    replies: Vec<String>,
    is_refused: bool,
}

impl Heard {
    fn refuse(&mut self, refusal: &Refusal) {
        self.replies.push(report::refusal(refusal));
        self.is_refused = true;
    }

    fn not_yet(&mut self, command: &Command) {
        let verb = command.verb;
        self.replies
            .push(format!("`/ocuroot {verb}` cannot do that on this server."));
        self.is_refused = true;
    }
}

/// Whether nothing but packages, and the environments of a `deploy`, is named: the rest must not be left unheard.
fn is_known(command: &Command) -> bool {
    let mut plain = Command::new(command.line.clone(), command.verb);
    plain.packages.clone_from(&command.packages);
    if command.verb == Verb::Deploy {
        plain.environments.clone_from(&command.environments);
    }
    let takes_packages = !matches!(command.verb, Verb::Status | Verb::Where);
    plain == *command && (takes_packages || command.packages.is_empty())
}

fn only_environment(command: &Command) -> Option<EnvironmentName> {
    match &command.environments[..] {
        [only] => only.to_string().parse().ok(),
        _ => None,
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
        let place = Comment {
            repository_id: repository.id,
            pull_request: comment.number,
            id: comment.id,
        };
        let mut heard = Heard::default();
        for command in commands {
            match command {
                Ok(command) => {
                    self.hear(repository, place, &author.login, &command, &mut heard)
                        .await?;
                }
                Err(error) => heard.refuse(&Refusal::NotUnderstood(error)),
            }
        }
        let done = Done::Delivery(delivery.id);
        let mut decision = Decision::new(repository.installation_id, heard.triggers, done);
        decision.asked_in = Some(place);
        decision.said = heard.replies;
        decision.effects.push(Effect {
            repository_id: place.repository_id,
            call: Call::React {
                comment: place.id,
                is_taken: !heard.is_refused,
            },
        });
        self.decide(decision).await?;
        Ok(())
    }

    async fn hear(
        &self,
        repository: &Repository,
        place: Comment,
        login: &str,
        command: &Command,
        heard: &mut Heard,
    ) -> Result<(), Problem> {
        let installation = self.github.installation(repository.installation_id);
        let has = installation.permission(&repository.name, login).await?;
        let needs = command.verb.needed_permission();
        if has < needs {
            heard.refuse(&Refusal::NotAllowed {
                verb: command.verb.to_string(),
                login: login.to_owned(),
                has,
                needs,
            });
            return Ok(());
        }
        let packages: Vec<String> = command.packages.iter().map(ToString::to_string).collect();
        match command.verb {
            Verb::Help => heard.replies.push(match command.about {
                Some(verb) => command::help::help_about(verb),
                None => command::help::help(has),
            }),
            _ if !is_known(command) => heard.not_yet(command),
            Verb::Status => {
                let overview = self.overview(repository, place.pull_request).await?;
                heard.replies.push(overview);
            }
            Verb::Where => heard.replies.push(self.places(repository).await?),
            Verb::Deploy => {
                let Some(environment) = only_environment(command) else {
                    heard.not_yet(command);
                    return Ok(());
                };
                let pull = installation
                    .pull_request(&repository.name, place.pull_request)
                    .await?;
                self.hear_deploy(repository, &pull, &environment, &packages, heard)
                    .await?;
            }
            Verb::Approve | Verb::Retry | Verb::Cancel => {
                let wishes = self
                    .wishes(repository, place, login, &packages, heard)
                    .await?;
                let trigger = match command.verb {
                    Verb::Approve => Trigger::Approve,
                    Verb::Cancel => Trigger::Cancel,
                    _ => Trigger::Retry,
                };
                heard.triggers.extend(wishes.into_iter().map(trigger));
            }
            _ => heard.not_yet(command),
        }
        Ok(())
    }

    /// `deploy` releases the head commit GitHub shows for the pull request now, up to the environment.
    async fn hear_deploy(
        &self,
        repository: &Repository,
        pull: &PullRequest,
        environment: &EnvironmentName,
        packages: &[String],
        heard: &mut Heard,
    ) -> Result<(), Problem> {
        if let Some(refusal) = self.refused(repository, pull, environment).await? {
            heard.refuse(&refusal);
            return Ok(());
        }
        let proposed = self
            .proposed(repository, &pull.base_sha, &pull.head_sha)
            .await?;
        let Some(mut new) = proposed else {
            heard.replies.push(report::nothing_to_release());
            return Ok(());
        };
        if new
            .diagnostics
            .iter()
            .any(crate::model::Diagnostic::is_error)
        {
            heard.refuse(&Refusal::BrokenConfiguration);
            return Ok(());
        }
        if new.packages.is_empty() {
            heard.replies.push(report::nothing_to_release());
            return Ok(());
        }
        let names: Vec<String> = new
            .packages
            .iter()
            .map(|candidate| candidate.name.short().to_owned())
            .collect();
        if let Some(refusal) = unknown_package(packages, &names) {
            heard.refuse(&refusal);
            return Ok(());
        }
        let key = TaskKey::Deploy(environment.clone());
        new.packages.retain(|candidate| {
            let is_named =
                packages.is_empty() || packages.iter().any(|name| name == candidate.name.short());
            is_named && candidate.package.task(&key).is_some()
        });
        if new.packages.is_empty() {
            heard.refuse(&Refusal::NotInPackages {
                environment: environment.to_string(),
            });
            return Ok(());
        }
        new.until = Some(environment.clone());
        new.pull_request = Some(pull.number);
        new.reply_to = Some(pull.number);
        heard.triggers.push(Trigger::Release(new));
        Ok(())
    }

    /// What speaks against deploying the pull request at all.
    async fn refused(
        &self,
        repository: &Repository,
        pull: &PullRequest,
        environment: &EnvironmentName,
    ) -> Result<Option<Refusal>, Problem> {
        if pull.is_fork {
            return Ok(Some(Refusal::Fork));
        }
        if pull.state == PullRequestState::Closed && !pull.merged {
            return Ok(Some(Refusal::Closed));
        }
        if !self.was_seen(repository, pull).await? {
            let head = pull.head_sha.clone();
            return Ok(Some(Refusal::HeadMoved { head }));
        }
        let known = self.environments(repository.installation_id).await?;
        let is_known = known.iter().any(|candidate| candidate.name == *environment);
        Ok((!is_known).then(|| Refusal::UnknownEnvironment {
            asked: environment.to_string(),
            known: known.iter().map(|known| known.name.to_string()).collect(),
        }))
    }

    /// Whether the head was there when the command was given: events of a pull request arrive in order, so a head
    /// that none has told of was pushed after the comment. It counts as seen from now on (accepted: after a lost
    /// event the first command is refused once for nothing).
    async fn was_seen(&self, repository: &Repository, pull: &PullRequest) -> Result<bool, Problem> {
        let heads = self
            .store
            .pull_requests_of_head(repository.id, &pull.head_sha)
            .await?;
        if heads.iter().any(|row| row.number == pull.number) {
            return Ok(true);
        }
        self.note_pull_request(repository, pull).await?;
        Ok(false)
    }

    /// A wish for each release of the pull request that is meant.
    async fn wishes(
        &self,
        repository: &Repository,
        place: Comment,
        login: &str,
        packages: &[String],
        heard: &mut Heard,
    ) -> Result<Vec<Wish>, Problem> {
        let releases = self
            .store
            .releases_of_pull_request(repository.id, place.pull_request)
            .await?;
        let names: Vec<String> = releases
            .iter()
            .map(|release| release.package.short().to_owned())
            .collect();
        if let Some(refusal) = unknown_package(packages, &names) {
            heard.refuse(&refusal);
            return Ok(Vec::new());
        }
        if releases.is_empty() {
            heard
                .replies
                .push(report::status_overview(&[], self.clock.now()));
        }
        let meant = releases.into_iter().filter(|release| {
            packages.is_empty() || packages.iter().any(|name| name == release.package.short())
        });
        Ok(meant
            .map(|release| Wish {
                release,
                task: None,
                by: login.to_owned(),
                reply_to: Some(place.pull_request),
            })
            .collect())
    }

    async fn places(&self, repository: &Repository) -> Result<String, Problem> {
        let places = self
            .store
            .deployments_of_repository(repository.installation_id, &repository.reference_name)
            .await?;
        Ok(report::places(&places, self.clock.now()))
    }

    async fn overview(&self, repository: &Repository, number: i64) -> Result<String, Problem> {
        let names = self
            .store
            .releases_of_pull_request(repository.id, number)
            .await?;
        let scope = Scope {
            installation_id: repository.installation_id,
            releases: names.iter().cloned().collect(),
            ..Scope::default()
        };
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        let releases: Vec<_> = names
            .iter()
            .filter_map(|name| Some((snapshot.releases.get(name)?, &snapshot)))
            .collect();
        Ok(report::status_overview(&releases, self.clock.now()))
    }

    /// The commit of a release.
    pub(super) async fn commit_of(
        &self,
        installation_id: i64,
        release: &ReleaseName,
    ) -> Result<Option<CommitSha>, Problem> {
        let scope = Scope::of_release(installation_id, release);
        let (snapshot, _) = self.store.snapshot(&scope).await?;
        Ok(snapshot
            .releases
            .get(release)
            .map(|release| release.commit.clone()))
    }
}

fn unknown_package(asked: &[String], known: &[String]) -> Option<Refusal> {
    let unknown = asked.iter().find(|name| !known.contains(name))?;
    Some(Refusal::UnknownPackage {
        asked: unknown.clone(),
        known: known.to_vec(),
    })
}
