//! Lookups of what is not on the controller's disk.

use std::collections::BTreeMap;
use std::time::Duration;

use super::call::Request;
use crate::template::eval::float_of;
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::outside::{Fetch, Outside, Plugin, Redirects};
use crate::value::{Key, Map, Secret, Value, python_str};

pub(super) fn outside<'e>(request: &Request<'_, 'e>) -> Outcome<&'e dyn Outside> {
    let outside = request.machine.engine.outside.as_deref();
    outside.ok_or_else(|| Fault::new("nothing outside the playbook can be reached here"))
}

fn texts(value: Option<Value>) -> Vec<String> {
    match value {
        None => Vec::new(),
        Some(Value::List(items)) => items.iter().map(python_str).collect(),
        Some(Value::Str(text)) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        Some(other) => vec![python_str(&other)],
    }
}

/// `url`: the lines of pages, or with `split_lines=false` their whole texts.
pub(super) fn url(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let mut headers: BTreeMap<String, Secret> = match request.option("headers") {
        None => BTreeMap::new(),
        Some(Value::Map(map)) => {
            map.iter().map(|(key, value)| (key.to_string(), Secret::new(python_str(value)))).collect()
        }
        Some(other) => return Err(Fault::new(format!("`headers` is a dictionary, not '{}'", other.type_name()))),
    };
    if request.truth_option("force", false)? {
        headers.insert("cache-control".to_owned(), Secret::new("no-cache"));
    }
    let agent = request.text_option("http_agent")?.unwrap_or_else(|| "ansible-httpget".to_owned());
    headers.entry("User-Agent".to_owned()).or_insert_with(|| Secret::new(agent));
    let (user, password) = (request.text_option("username")?, request.text_option("password")?);
    let redirects = match request.text_option("follow_redirects")?.as_deref() {
        None | Some("urllib2" | "safe") => Redirects::Safe,
        Some("all" | "yes" | "True") => Redirects::All,
        Some("none" | "no" | "False") => Redirects::None,
        Some(other) => {
            return Err(Fault::new(format!("follow_redirects: `{other}` is none of all, none, safe, urllib2")));
        }
    };
    for unsupported in ["ciphers", "use_gssapi"] {
        if request.option(unsupported).is_some_and(|value| crate::value::is_truthy(&value)) {
            return Err(Fault::new(format!("option `{unsupported}` is not supported")));
        }
    }
    let timeout = match request.option("timeout") {
        Some(value) => float_of(&Item::Value(value))?,
        None => 10.0,
    };
    let mut fetch = Fetch {
        url: String::new(),
        headers,
        unredirected: texts(request.option("unredirected_headers")),
        login: user.map(|user| (user, Secret::new(password.unwrap_or_default()))),
        force_basic_auth: request.truth_option("force_basic_auth", false)?,
        use_netrc: request.truth_option("use_netrc", true)?,
        redirects,
        validate_certs: request.truth_option("validate_certs", true)?,
        ca_path: request.text_option("ca_path")?.map(Into::into),
        use_proxy: request.truth_option("use_proxy", true)?,
        timeout: Duration::try_from_secs_f64(timeout).map_err(|_| Fault::new("`timeout` is a number of seconds"))?,
        unix_socket: request.text_option("unix_socket")?.map(Into::into),
    };
    let split_lines = request.truth_option("split_lines", true)?;
    let outside = outside(request)?;
    let mut out = Vec::new();
    for term in request.texts()? {
        fetch.url = term;
        let text = outside.fetch(&fetch).map_err(Fault::new)?;
        if split_lines {
            out.extend(crate::template::methods::split_lines(&text, false).into_iter().map(Value::data));
        } else {
            out.push(Value::data(text));
        }
    }
    Ok(out)
}

/// `config`: settings by their names, or options of a plug-in.
pub(super) fn config(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let on_missing = request.text_option("on_missing")?.unwrap_or_else(|| "error".to_owned());
    if !matches!(on_missing.as_str(), "error" | "skip" | "warn") {
        return Err(Fault::new(format!("on_missing: `{on_missing}` is none of error, skip, warn")));
    }
    let show_origin = request.truth_option("show_origin", false)?;
    let plugin = match (request.text_option("plugin_type")?, request.text_option("plugin_name")?) {
        (Some(kind), Some(name)) => Some(Plugin { kind, name }),
        (None, None) => None,
        _ => return Err(Fault::new("`plugin_type` and `plugin_name` go together")),
    };
    let outside = outside(request)?;
    let mut out = Vec::new();
    for name in request.texts()? {
        match outside.setting(&name, plugin.as_ref()) {
            Some((value, origin)) if show_origin => out.push(Value::list(vec![value, Value::data(origin)])),
            Some((value, _)) => out.push(value),
            None if on_missing == "error" => {
                return Err(Fault::new(format!("there is no setting `{name}`"))
                    .help(Some("`on_missing='skip'` makes that no error".to_owned())));
            }
            None => {}
        }
    }
    Ok(out)
}

/// `community.general.filetree`: everything in folders, with the state, mode and owner of each.
pub(super) fn filetree(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let mut out: Vec<Value> = Vec::new();
    for term in request.texts()? {
        let Ok(root) = super::files::find(request.machine, "files", term.trim_end_matches('/')) else { continue };
        let shown = if term.ends_with('/') { format!("{}/", root.display()) } else { root.display().to_string() };
        let mut pending = vec![std::path::PathBuf::new()];
        while let Some(inner) = pending.pop() {
            let Ok(entries) = std::fs::read_dir(root.join(&inner)) else { continue };
            let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| inner.join(entry.file_name())).collect();
            paths.sort();
            let mut folders = Vec::new();
            for path in paths {
                let name = path.to_string_lossy().into_owned();
                if out.iter().any(|known| known.get("path").and_then(Value::as_str) == Some(&name)) {
                    continue;
                }
                let Some((is_folder, entry)) = entry(request, &root.join(&path), &name, &shown)? else { continue };
                out.push(entry);
                if is_folder {
                    folders.push(path);
                }
            }
            pending.extend(folders.into_iter().rev());
        }
    }
    Ok(out)
}

/// What is known of a file; nothing of a device, socket or the like.
fn entry(request: &Request<'_, '_>, path: &std::path::Path, name: &str, root: &str) -> Outcome<Option<(bool, Value)>> {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(data) = std::fs::symlink_metadata(path) else { return Ok(None) };
    let (state, source) = match data.file_type() {
        kind if kind.is_symlink() => ("link", std::fs::read_link(path).ok().map(|path| path.display().to_string())),
        kind if kind.is_dir() => ("directory", None),
        kind if kind.is_file() => ("file", Some(path.display().to_string())),
        _ => return Ok(None),
    };
    let outside = outside(request)?;
    let named = |name: Option<String>, id: u32| name.map_or(Value::Int(id.into()), Value::from);
    #[expect(clippy::cast_precision_loss, reason = "times as Python's `os.stat` gives them")]
    let time = |seconds: i64, nanos: i64| Value::Float(seconds as f64 + nanos as f64 / 1e9);
    let mut map = Map::new();
    for (key, value) in [
        ("root", Value::data(root)),
        ("path", Value::data(name)),
        ("state", Value::data(state)),
        ("src", source.map_or(Value::Null, Value::from)),
        ("uid", Value::Int(data.uid().into())),
        ("gid", Value::Int(data.gid().into())),
        ("owner", named(outside.user_name(data.uid()), data.uid())),
        ("group", named(outside.group_name(data.gid()), data.gid())),
        ("mode", Value::data(format!("0{:03o}", data.mode() & 0o7777))),
        ("size", Value::Int(data.size().into())),
        ("mtime", time(data.mtime(), data.mtime_nsec())),
        ("ctime", time(data.ctime(), data.ctime_nsec())),
    ] {
        if !(key == "src" && matches!(value, Value::Null)) {
            map.insert(Key::from(key), value);
        }
    }
    Ok(Some((data.is_dir(), Value::map(map))))
}
