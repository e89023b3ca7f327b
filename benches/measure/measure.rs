//! Clocks and order statistics.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Processor time since the process began, all its threads together.
pub fn process_cpu() -> Duration {
    cpu(ClockId::ProcessCPUTime)
}

/// Processor time of the calling thread.
pub fn thread_cpu() -> Duration {
    cpu(ClockId::ThreadCPUTime)
}

fn cpu(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).expect("time since a beginning");
    let nanoseconds = u32::try_from(time.tv_nsec).expect("a part of a second");
    Duration::new(seconds, nanoseconds)
}

/// Times of one repeated piece of work.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub fn extend(&mut self, times: Times) {
        self.0.extend(times.0);
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that this share of the work stayed below, in milliseconds.
    pub fn quantile(&mut self, share: f64) -> f64 {
        self.0.sort_unstable();
        let last = self.0.len() - 1;
        let index = (share * last as f64).round() as usize;
        self.0[index].as_secs_f64() * 1000.0
    }

    /// In milliseconds.
    pub fn mean(&self) -> f64 {
        let sum: Duration = self.0.iter().sum();
        sum.as_secs_f64() * 1000.0 / self.0.len() as f64
    }

    pub fn median(&mut self) -> f64 {
        self.quantile(0.5)
    }
}

/// How long `work` takes.
pub async fn timed<T>(times: &mut Times, work: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let result = work.await;
    times.add(start.elapsed());
    result
}
