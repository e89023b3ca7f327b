//! The program on a terminal that a test looks at and types into.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::place::Place;

const ROWS: u16 = 40;

/// A program on a terminal of its own.
pub struct Terminal {
    child: Child,
    master: File,
    screen: vt100::Parser,
    /// Everything that was written to it, with its control sequences.
    pub written: String,
}

impl Terminal {
    /// Starts the program in the place, on a terminal so many columns wide.
    pub fn start(place: &Place, columns: u16, arguments: &[&str]) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let own = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlags::NOCTTY.bits().cast_signed())
            .open(name.to_str().unwrap())
            .unwrap();
        let size = Winsize {
            ws_row: ROWS,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&own, size).unwrap();
        let program = place.command("", arguments);
        // A session of its own, so that what is typed reaches the program as it does at a desk.
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(program.get_program());
        command.args(program.get_args()).env_clear();
        command.current_dir(program.get_current_dir().unwrap());
        let variables = program.get_envs();
        command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
        command.env("TERM", "xterm-256color");
        let end = || Stdio::from(own.try_clone().unwrap());
        command.stdin(end()).stdout(end()).stderr(end());
        Terminal {
            child: command.spawn().unwrap(),
            master: File::from(master),
            screen: vt100::Parser::new(ROWS, columns, 1000),
            written: String::new(),
        }
    }

    /// Reads until the screen shows all of these at once: it is drawn piece by piece.
    #[track_caller]
    pub fn shows(&mut self, parts: &[&str]) -> String {
        loop {
            let screen = self.screen();
            if parts.iter().all(|part| screen.contains(part)) {
                return screen;
            }
            assert!(self.read(), "it never showed {parts:?}:\n{screen}");
        }
    }

    /// The lines that it shows.
    fn screen(&self) -> String {
        let screen = self.screen.screen();
        let lines = screen.rows(0, screen.size().1);
        let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Reads what comes next. `false` when the program and all it started are gone.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        // When nobody has the other end open any more, reading fails.
        let count = self.master.read(&mut bytes).unwrap_or(0);
        self.screen.process(&bytes[..count]);
        self.written
            .push_str(&String::from_utf8_lossy(&bytes[..count]));
        count > 0
    }

    pub fn types(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).unwrap();
    }

    /// Reads to the end: the exit code, and what the screen shows then.
    pub fn ends(&mut self) -> (i32, String) {
        while self.read() {}
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), None, "{}", self.written);
        let screen = self.screen();
        (status.code().unwrap(), screen)
    }
}

impl Drop for Terminal {
    /// What a failed test leaves running would go on waiting: the program is asked to end it.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.types("\u{3}");
            while self.read() {}
            let _ = self.child.wait();
        }
    }
}
