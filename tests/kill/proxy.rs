//! Stands between the program and the server, reads the program's messages, and cuts every connection at one.
//!
//! The working session is the one that asks for the advisory lock; only its messages from then on are judged.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    /// It never reaches the server.
    CutBefore,
    /// It does, and no answer comes back.
    CutAfter,
}

/// Looks at the messages of the working session.
pub trait Judge: Send {
    fn judge(&mut self, sql: &str) -> Verdict;
    /// The cut: ends the process or the server. A message that is to reach the server is there.
    fn strike(&mut self);
}

type Shared = Arc<Mutex<State>>;

struct State {
    judge: Box<dyn Judge>,
    sockets: Vec<TcpStream>,
    is_cut: bool,
}

pub struct Proxy {
    pub port: u16,
    state: Shared,
}

impl Proxy {
    pub fn start(target: u16, judge: Box<dyn Judge>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let state = Arc::new(Mutex::new(State {
            judge,
            sockets: Vec::new(),
            is_cut: false,
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut state = lock(&shared);
                if state.is_cut {
                    return;
                }
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)) else {
                    continue;
                };
                for socket in [&client, &server] {
                    let _ = socket.set_nodelay(true);
                    state.sockets.extend(socket.try_clone());
                }
                drop(state);
                let (from, to) = (client.try_clone(), server.try_clone());
                std::thread::spawn(move || {
                    if let (Ok(mut from), Ok(mut to)) = (to, from) {
                        let _ = io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    }
                });
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || {
                    let mut server = server;
                    let _ = forward(client, &mut server, &shared);
                    let _ = server.shutdown(Shutdown::Both);
                });
            }
        });
        Self { port, state }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        cut(&mut lock(&self.state));
        // The listener wakes up and sees it.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

fn lock(state: &Shared) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cut(state: &mut State) {
    state.is_cut = true;
    for socket in state.sockets.drain(..) {
        let _ = socket.shutdown(Shutdown::Both);
    }
}

/// Messages of the frontend: a start without a type, then type, length, content.
fn forward(mut client: TcpStream, server: &mut TcpStream, shared: &Shared) -> io::Result<()> {
    let mut start = vec![0; 4];
    client.read_exact(&mut start)?;
    read_content(&mut client, &mut start, 0)?;
    server.write_all(&start)?;
    let mut works = false;
    loop {
        let mut message = vec![0; 5];
        client.read_exact(&mut message)?;
        read_content(&mut client, &mut message, 1)?;
        if let Some(sql) = text(&message) {
            works |= sql.contains("pg_try_advisory_lock");
            if works {
                let mut state = lock(shared);
                if state.is_cut {
                    return Ok(());
                }
                let verdict = state.judge.judge(&sql);
                if verdict == Verdict::CutAfter {
                    server.write_all(&message)?;
                }
                if verdict != Verdict::Pass {
                    state.judge.strike();
                    cut(&mut state);
                    return Ok(());
                }
            }
        }
        server.write_all(&message)?;
    }
}

fn read_content(client: &mut TcpStream, message: &mut Vec<u8>, at: usize) -> io::Result<()> {
    let length = message[at..at + 4].try_into().map(u32::from_be_bytes);
    let length = usize::try_from(length.map_err(io::Error::other)?).map_err(io::Error::other)?;
    message.resize(at + length, 0);
    client.read_exact(&mut message[at + 4..])
}

/// The statements of a simple query, or of one that is prepared.
fn text(message: &[u8]) -> Option<String> {
    let content = &message[5..];
    let mut strings = content.split(|byte| *byte == 0);
    let sql = match message[0] {
        b'Q' => strings.next(),
        b'P' => strings.nth(1),
        _ => None,
    };
    sql.map(|sql| String::from_utf8_lossy(sql).into_owned())
}
