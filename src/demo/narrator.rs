//! Tells the story as it happens: a line for each hop, and below them what is waited for.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use console::style;
use indicatif::{ProgressBar, ProgressStyle};

use super::installation::Installation;
use super::news::View;
use super::story::Scene;
use crate::simulator::Simulator;

/// A scene that takes longer than this is stuck.
const PATIENCE: Duration = Duration::from_secs(180);

/// The longest time between two looks.
const GLANCE: Duration = Duration::from_millis(50);

/// Prints hops to standard output; the progress line shows only on a terminal.
pub struct Narrator {
    begun: Instant,
    seen: View,
    progress: ProgressBar,
}

impl Narrator {
    /// Begins to look.
    ///
    /// # Panics
    /// Never: the progress line's template is fixed.
    pub fn new(github: &Simulator) -> Narrator {
        let progress = ProgressBar::new_spinner();
        let template = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
        progress.set_style(template.expect("the template is well-formed"));
        Narrator {
            begun: Instant::now(),
            seen: View::of(github),
            progress,
        }
    }

    /// Lets a scene happen and tells each hop of it, until nothing is under way any more.
    ///
    /// # Errors
    /// When it cannot be acted, or does not come to its goal in time.
    pub async fn tell(
        &mut self,
        installation: &Installation,
        number: usize,
        scene: &Scene,
    ) -> anyhow::Result<()> {
        let title = format!("{number}. {}", scene.title);
        self.say(&format!("\n{}", style(title).bold()));
        self.progress.set_message(format!("until {}", scene.goal));
        self.progress.reset_elapsed();
        self.progress.enable_steady_tick(Duration::from_millis(100));
        (scene.act)(&installation.github).context(scene.title)?;
        let came = tokio::time::timeout(PATIENCE, self.watch(installation, scene)).await;
        self.progress.disable_steady_tick();
        let Ok(came) = came else {
            bail!(
                "after {} seconds it is still not so that {}. The lines above show how far it came; \
                 RUST_LOG=ocuroot=debug shows more",
                PATIENCE.as_secs(),
                scene.goal
            );
        };
        came?;
        self.say(&format!("   {} {}", style("✓").green(), scene.goal));
        Ok(())
    }

    async fn watch(&mut self, installation: &Installation, scene: &Scene) -> anyhow::Result<()> {
        let github = &installation.github;
        loop {
            self.look(github);
            if (scene.is_over)(github) && installation.is_quiet().await? {
                self.look(github);
                return Ok(());
            }
            // The server's own record changes without GitHub noticing: a look every now and then.
            let seen = &self.seen;
            let change = github.wait_for(|github| (View::of(github) != *seen).then_some(()));
            let _ = tokio::time::timeout(GLANCE, change).await;
        }
    }

    /// Ends the progress line.
    pub fn finish(&self) {
        self.progress.finish_and_clear();
    }

    fn look(&mut self, github: &Simulator) {
        let now = View::of(github);
        let seconds = self.begun.elapsed().as_secs_f64();
        for (kind, line) in now.since(&self.seen) {
            self.say(&format!(
                "  {:>5.1} s  {} {line}",
                seconds,
                style(format!("{kind:<10}")).cyan()
            ));
        }
        self.seen = now;
    }

    fn say(&self, line: &str) {
        self.progress.suspend(|| println!("{line}"));
    }
}
