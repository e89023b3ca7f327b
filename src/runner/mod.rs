//! Layer 2: what happens inside a job of GitHub Actions. Claims one run from the server, calls its function with the
//! machine at hand, and reports how it ended. Blocking: one job does one thing. `here` calls one without a server.
//!
//! ```text
//! identity  the job's OIDC token              server    the four calls, asked again until answered
//! checkout  the commit and its config files   chain     call the function, follow `next`
//! host      shell, files, http                log_stream / console / masks   what people see, without secrets
//! ```

mod address;
mod chain;
mod checkout;
mod console;
mod deadline;
mod error;
mod files;
mod here;
mod host;
mod identity;
mod job;
mod log_stream;
mod masks;
mod outputs;
mod protocol;
mod server;
mod shell;
mod stop;
mod summary;
mod web;

pub use address::{is_loopback, parse as server_address, reason as request_problem};
pub use checkout::{CheckoutError, source_tree};
pub use error::RunnerError;
pub use here::LocalCall;
pub use host::{HostCapabilities, Output};
pub use job::{Ended, Job, execute, execute_until};
pub use outputs::send_outputs;
pub use stop::Stop;
