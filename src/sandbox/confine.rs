//! What a child process takes away from itself before it reads a stranger's text.

use std::io;

/// Address space in bytes.
const MAX_MEMORY: u64 = 1 << 30;
/// Processor seconds of a child's whole life. The parent recycles it well before and kills it by wall clock; this
/// ends a child whose parent is gone.
const MAX_CPU_SECONDS: u64 = 120;
/// Open files: the three standard streams and some room for start-up.
const MAX_FILES: u64 = 16;

/// Sets the process limits.
///
/// # Errors
/// When the system refuses one; the child must not go on then.
#[cfg(unix)]
pub(super) fn limit_resources() -> io::Result<()> {
    limit(libc::RLIMIT_AS, MAX_MEMORY)?;
    limit(libc::RLIMIT_CPU, MAX_CPU_SECONDS)?;
    limit(libc::RLIMIT_NOFILE, MAX_FILES)?;
    limit(libc::RLIMIT_FSIZE, 0)?;
    limit(libc::RLIMIT_CORE, 0)
}

#[cfg(target_os = "linux")]
type Resource = libc::__rlimit_resource_t;
#[cfg(all(unix, not(target_os = "linux")))]
type Resource = libc::c_int;

#[cfg(unix)]
#[allow(unsafe_code)]
fn limit(resource: Resource, value: u64) -> io::Result<()> {
    let limit = libc::rlimit {
        rlim_cur: value,
        rlim_max: value,
    };
    // SAFETY: `limit` is a valid rlimit that outlives the call, which only reads it.
    let status = unsafe { libc::setrlimit(resource, &raw const limit) };
    if status == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Forgets the environment, in case whoever started the child did not clear it.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(super) fn clear_environment() {
    // SAFETY: called first thing in `main`, while this is the only thread.
    unsafe { libc::clearenv() };
}

/// Allows only the system calls that computing and answering need, in every thread. Any other is refused rather than
/// deadly: the C library tries a few by itself (its allocator reads a kernel setting when it first gives memory
/// back), and an innocent file must not die of that. Says whether the system has such filters.
#[cfg(target_os = "linux")]
pub(super) fn filter_system_calls() -> bool {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter_all_threads};

    let Ok(architecture) = std::env::consts::ARCH.try_into() else {
        return false;
    };
    let rules = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::EPERM as u32),
        SeccompAction::Allow,
        architecture,
    );
    filter
        .and_then(BpfProgram::try_from)
        .is_ok_and(|program| apply_filter_all_threads(&program).is_ok())
}

#[cfg(target_os = "linux")]
const ALLOWED: &[libc::c_long] = &[
    // The two pipes.
    libc::SYS_read,
    libc::SYS_write,
    // Memory.
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    // Locks, and seeds of hash maps.
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    // Dying in an orderly way: overflowed stacks, failed allocations, end of input.
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_tgkill,
    libc::SYS_exit,
    libc::SYS_exit_group,
];
