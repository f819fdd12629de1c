//! The second session beside a statement of ours: whom it waits for, and who waits for it.

use super::blocker::{self, Blocker, Waiter};
use super::lock_retry::{Failure, Manner};
use super::{LockPolicy, Session};
use postgres::Client;
use postgres::error::SqlState;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Watches the statements of one attempt at a transaction.
///
/// When the application has waited for it longer than `lock.max_block`, the statement is cancelled. A cancel
/// that comes after its statement has ended does nothing: the server forgets it when it reads the next one.
pub(super) struct Watch<'p> {
    policy: &'p LockPolicy,
    manner: Manner,
    /// Whom it waited for when that was last looked at.
    pub blockers: Vec<Blocker>,
    /// The application has waited for it, if not too long.
    pub kept_waiting: bool,
    /// For whom it was cancelled.
    gave_way: Option<Waiter>,
}

impl<'p> Watch<'p> {
    pub(super) fn new(policy: &'p LockPolicy, manner: Manner) -> Self {
        Self {
            policy,
            manner,
            blockers: Vec::new(),
            kept_waiting: false,
            gave_way: None,
        }
    }

    /// Sends `text` and looks meanwhile.
    pub(super) fn run(&mut self, session: &mut Session<'_>, text: &str) -> Result<(), Failure> {
        let pid = session.pid();
        let poll = poll(self.policy);
        let (client, watcher) = session.pair();
        let result = beside(
            client,
            poll,
            |client| client.batch_execute(text),
            || {
                let Some(client) = watcher else { return };
                if self.look(client, pid).is_err() {
                    *watcher = None;
                }
            },
        );
        result.map_err(|source| self.failure(source))
    }

    /// Why the statement that was watched failed.
    pub(super) fn failure(&mut self, source: postgres::Error) -> Failure {
        match self.gave_way.take() {
            Some(waiter) if source.code() == Some(&SqlState::QUERY_CANCELED) => {
                Failure::GaveWay(waiter)
            }
            _ => Failure::Statement { place: 1, source },
        }
    }

    /// Notes whom it waits for, and gives way.
    pub(super) fn look(&mut self, client: &mut Client, pid: i32) -> Result<(), postgres::Error> {
        let blockers = blocker::blocking(client, pid)?;
        let waits = !blockers.is_empty();
        if waits {
            self.blockers = blockers;
        }
        // Others were promised to wait while it works, not while it stands in the queue itself.
        if self.manner == Manner::WithLeave && !waits {
            return Ok(());
        }
        self.give_way(client, pid)
    }

    /// Cancels the statement when somebody has waited too long for it.
    pub(super) fn give_way(
        &mut self,
        client: &mut Client,
        pid: i32,
    ) -> Result<(), postgres::Error> {
        let noticed = poll(self.policy).min(self.policy.max_block);
        let Some(waiter) = blocker::longest_waiter(client, pid, noticed)? else {
            return Ok(());
        };
        self.kept_waiting = true;
        if waiter.waited >= self.policy.max_block {
            blocker::cancel(client, pid)?;
            self.gave_way = Some(waiter);
        }
        Ok(())
    }
}

/// Between two looks: often enough to see who stands in the queue of the first attempt.
pub(super) fn poll(policy: &LockPolicy) -> Duration {
    let shortest = (policy.first / 2).min(policy.max_block / 5);
    shortest.max(Duration::from_millis(5))
}

/// Does `work` in the session, and calls `look` every `poll` until it is done.
pub(super) fn beside<T: Send>(
    client: &mut Client,
    poll: Duration,
    work: impl FnOnce(&mut Client) -> T + Send,
    mut look: impl FnMut(),
) -> T {
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || drop(sender.send(work(client))));
        loop {
            match receiver.recv_timeout(poll) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Timeout) => look(),
                // The thread sends whatever comes of the work; it ends without only when it panicked,
                // which the scope passes on.
                Err(RecvTimeoutError::Disconnected) => {
                    unreachable!("the thread of the statement ended without an answer")
                }
            }
        }
    })
}
