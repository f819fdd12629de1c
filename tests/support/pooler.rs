//! A pooler in transaction mode: it lends a few server processes from transaction to transaction, and knows nothing
//! of the sessions before it.

use pgrehearse::scratch::Cluster;
use postgres::{Config, config::Host};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Lends `size` processes of `cluster` on `database`; how to connect to it.
///
/// It ends with the test's process.
pub fn start(cluster: &Cluster, database: &str, size: usize) -> Config {
    let hba = cluster.path().join("pg_hba.conf");
    fs::write(&hba, "local all all trust\n").unwrap();
    let config = cluster.superuser(database);
    let mut admin = config.connect(postgres::NoTls).unwrap();
    admin.batch_execute("SELECT pg_reload_conf()").unwrap();
    let [Host::Unix(socket)] = config.get_hosts() else {
        panic!("no socket");
    };
    let user = config.get_user().unwrap();
    let mut parameters = Vec::new();
    let servers = (0..size).map(|_| {
        let mut server = UnixStream::connect(socket.join(".s.PGSQL.5432")).unwrap();
        let text = format!("\0\x03\0\0user\0{user}\0database\0{database}\0\0");
        let length = u32::try_from(text.len() + 4).unwrap();
        server.write_all(&length.to_be_bytes()).unwrap();
        server.write_all(text.as_bytes()).unwrap();
        parameters.clear();
        loop {
            let (kind, message) = message(&mut server).unwrap();
            match kind {
                b'S' => parameters.extend(message),
                b'Z' => return server,
                b'R' | b'K' | b'N' => {}
                other => panic!(
                    "{}: {}",
                    char::from(other),
                    String::from_utf8_lossy(&message)
                ),
            }
        }
    });
    let pool = Arc::new((Mutex::new(servers.collect::<Vec<_>>()), Condvar::new()));

    let folder = cluster.path().join(format!("pooler{size}"));
    fs::create_dir(&folder).unwrap();
    let listener = UnixListener::bind(folder.join(".s.PGSQL.5432")).unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, pool, parameters) =
                (client.unwrap(), Arc::clone(&pool), parameters.clone());
            thread::spawn(move || serve(client, &pool, &parameters));
        }
    });
    let mut through = Config::new();
    through.host_path(folder).user(user).dbname(database);
    through
}

type Pool = (Mutex<Vec<UnixStream>>, Condvar);

fn serve(mut client: UnixStream, (free, freed): &Pool, parameters: &[u8]) -> Option<()> {
    let mut length = [0; 4];
    client.read_exact(&mut length).ok()?;
    let mut startup = vec![0; usize::try_from(u32::from_be_bytes(length)).ok()? - 4];
    client.read_exact(&mut startup).ok()?;
    // Let in, the parameters, a key that cancels nothing, and ready.
    client.write_all(b"R\0\0\0\x08\0\0\0\0").ok()?;
    client.write_all(parameters).ok()?;
    client
        .write_all(b"K\0\0\0\x0c\0\0\0\x01\0\0\0\x01Z\0\0\0\x05I")
        .ok()?;
    let mut lent: Option<UnixStream> = None;
    let mut waiting = Vec::new();
    loop {
        let (kind, bytes) = message(&mut client)?;
        if kind == b'X' {
            return Some(());
        }
        waiting.extend(bytes);
        if kind != b'Q' && kind != b'S' {
            continue;
        }
        let mut server = lent.take().unwrap_or_else(|| {
            let servers = freed.wait_while(free.lock().unwrap(), |servers| servers.is_empty());
            servers.unwrap().pop().unwrap()
        });
        server.write_all(&std::mem::take(&mut waiting)).ok()?;
        let in_transaction = loop {
            let (kind, bytes) = message(&mut server)?;
            client.write_all(&bytes).ok()?;
            if kind == b'Z' {
                break bytes[5] != b'I';
            }
        };
        if in_transaction {
            lent = Some(server);
        } else {
            free.lock().unwrap().push(server);
            freed.notify_one();
        }
    }
}

/// The next message: its kind, and all of its bytes.
fn message(stream: &mut UnixStream) -> Option<(u8, Vec<u8>)> {
    let mut bytes = vec![0; 5];
    stream.read_exact(&mut bytes).ok()?;
    let length = u32::from_be_bytes(bytes[1..].try_into().ok()?);
    bytes.resize(usize::try_from(length).ok()? + 1, 0);
    stream.read_exact(&mut bytes[5..]).ok()?;
    Some((bytes[0], bytes))
}
