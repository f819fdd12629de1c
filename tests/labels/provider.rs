//! A provider of security labels for tests, as a library of the server: it takes every label but `refused`.
//!
//! Built by tests/labels.rs for each version: `--cfg pg14`, `--cfg pg18` …

#![allow(unsafe_code, non_snake_case)]

use std::ffi::{c_char, c_int, c_void};

#[cfg(pg14)]
const VERSION: c_int = 1400;
#[cfg(pg15)]
const VERSION: c_int = 1500;
#[cfg(pg16)]
const VERSION: c_int = 1600;
#[cfg(pg17)]
const VERSION: c_int = 1700;
#[cfg(pg18)]
const VERSION: c_int = 1800;

/// `Pg_abi_values` of fmgr.h.
#[repr(C)]
pub struct Abi {
    version: c_int,
    max_arguments: c_int,
    max_keys: c_int,
    name_length: c_int,
    float8_by_value: c_int,
    #[cfg(not(pg14))]
    extra: [u8; 32],
}

/// `Pg_magic_struct` of fmgr.h.
#[repr(C)]
pub struct Magic {
    length: c_int,
    abi: Abi,
    #[cfg(pg18)]
    name: *const c_char,
    #[cfg(pg18)]
    version: *const c_char,
}

unsafe impl Sync for Magic {}

#[cfg(not(pg14))]
const EXTRA: [u8; 32] = {
    let mut extra = [0; 32];
    let name = b"PostgreSQL";
    let mut at = 0;
    while at < name.len() {
        extra[at] = name[at];
        at += 1;
    }
    extra
};

static MAGIC: Magic = Magic {
    length: size_of::<Magic>() as c_int,
    abi: Abi {
        version: VERSION,
        max_arguments: 100,
        max_keys: 32,
        name_length: 64,
        float8_by_value: 1,
        #[cfg(not(pg14))]
        extra: EXTRA,
    },
    #[cfg(pg18)]
    name: std::ptr::null(),
    #[cfg(pg18)]
    version: std::ptr::null(),
};

type Hook = unsafe extern "C" fn(*const c_void, *const c_char);

unsafe extern "C" {
    fn register_label_provider(provider: *const c_char, hook: Hook);
    fn errstart(level: c_int, domain: *const c_char) -> bool;
    fn errmsg(format: *const c_char, ...) -> c_int;
    fn errfinish(file: *const c_char, line: c_int, function: *const c_char);
}

unsafe extern "C" fn judge(_: *const c_void, label: *const c_char) {
    const ERROR: c_int = 21;
    unsafe {
        if !label.is_null()
            && std::ffi::CStr::from_ptr(label) == c"refused"
            && errstart(ERROR, std::ptr::null())
        {
            errmsg(c"anon does not take this label".as_ptr());
            errfinish(c"provider.rs".as_ptr(), 0, c"judge".as_ptr());
        }
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn Pg_magic_func() -> *const Magic {
    &raw const MAGIC
}

/// # Safety
/// Called by the server when it loads the library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _PG_init() {
    unsafe { register_label_provider(c"anon".as_ptr(), judge) }
}
