//! `quaymaster vault`: encrypts, decrypts and edits files and values as ansible-vault does.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::config::Config;
use super::dialect::Dialect;
use super::play::environment;
use super::terminal::{User, ask_secret};
use super::vault_editor::{edit, page, scratch};
use super::vault_passwords::VaultOptions;
use crate::diag::ExitCode;
use crate::modules::Terminal as _;
use crate::vault::{
    Password, PasswordError, PasswordSource, Prompt, Vault, VaultError, VaultSecrets, encrypted_variable,
    load_passwords, write_private,
};

/// Arguments of `quaymaster vault`.
#[derive(Debug, Args)]
pub(super) struct VaultArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Encrypt files in place, or standard input
    Encrypt {
        #[command(flatten)]
        passwords: Passwords,
        #[command(flatten)]
        encrypt: EncryptWith,
        #[command(flatten)]
        output: Output,
        /// The files; standard input without any
        files: Vec<PathBuf>,
    },
    /// Decrypt files in place, or standard input
    Decrypt {
        #[command(flatten)]
        passwords: Passwords,
        #[command(flatten)]
        output: Output,
        /// The files; standard input without any
        files: Vec<PathBuf>,
    },
    /// Show encrypted files
    View {
        #[command(flatten)]
        passwords: Passwords,
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Edit encrypted files with `$EDITOR`
    Edit {
        #[command(flatten)]
        passwords: Passwords,
        /// Taken for ansible-vault's sake: a file keeps the vault id it has
        #[arg(long, value_name = "ID", hide = true)]
        encrypt_vault_id: Option<String>,
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Write a new encrypted file with `$EDITOR`
    Create {
        #[command(flatten)]
        passwords: Passwords,
        #[command(flatten)]
        encrypt: EncryptWith,
        /// Start the editor even without a terminal
        #[arg(long)]
        skip_tty_check: bool,
        /// The file
        file: PathBuf,
    },
    /// Encrypt files anew with another password
    Rekey {
        #[command(flatten)]
        passwords: Passwords,
        #[command(flatten)]
        encrypt: EncryptWith,
        /// A file that holds the new password, or a program that prints it
        #[arg(long, value_name = "FILE", conflicts_with = "new_vault_id")]
        new_vault_password_file: Option<PathBuf>,
        /// The new vault id with the source of its password
        #[arg(long, value_name = "ID@SOURCE")]
        new_vault_id: Option<String>,
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Encrypt values, to be pasted into a variables file
    #[command(name = "encrypt_string", visible_alias = "encrypt-string")]
    EncryptString {
        #[command(flatten)]
        passwords: Passwords,
        #[command(flatten)]
        encrypt: EncryptWith,
        #[command(flatten)]
        output: Output,
        #[command(flatten)]
        strings: Strings,
    },
}

/// Where the passwords come from.
#[derive(Debug, Args)]
struct Passwords {
    /// A file that holds the Vault password, or a program that prints it
    #[arg(long = "vault-password-file", visible_alias = "vault-pass-file", value_name = "FILE")]
    vault_password_file: Vec<PathBuf>,
    /// A vault id with the source of its password: `ID@FILE` or `ID@prompt`
    #[arg(long = "vault-id", value_name = "ID@SOURCE")]
    vault_id: Vec<String>,
    /// Ask for the Vault password
    #[arg(short = 'J', long = "ask-vault-password", visible_alias = "ask-vault-pass")]
    ask_vault_password: bool,
    /// Taken for ansible-vault's sake: there is nothing more to tell
    #[arg(short = 'v', long = "verbose", action = clap::ArgAction::Count, hide = true)]
    verbose: u8,
}

/// What to encrypt with.
#[derive(Debug, Args)]
struct EncryptWith {
    /// The vault id to encrypt with, where several are given
    #[arg(long, value_name = "ID")]
    encrypt_vault_id: Option<String>,
}

/// Where the result goes.
#[derive(Debug, Args)]
struct Output {
    /// Write the result to this file; `-` is standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The values of `encrypt_string`.
#[derive(Debug, Args)]
struct Strings {
    /// Ask for the value
    #[arg(short = 'p', long = "prompt")]
    prompt: bool,
    /// Show the value while it is typed in
    #[arg(long)]
    show_input: bool,
    /// The name of the variable; once for each value
    #[arg(short = 'n', long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// The name of the variable whose value is read from standard input
    #[arg(long, value_name = "NAME")]
    stdin_name: Option<String>,
    /// The values; `-` is standard input. Other users of this machine can see them while the command runs: rather use
    /// `--prompt` or standard input
    values: Vec<String>,
}

/// The command line does not fit together.
#[derive(Debug, Error)]
#[error("{0}")]
struct Usage(String);

fn usage<T>(message: impl Into<String>) -> anyhow::Result<T> {
    Err(Usage(message.into()).into())
}

/// Does what the arguments ask for.
pub(super) fn run(mut args: VaultArgs, dialect: Dialect) -> anyhow::Result<ExitCode> {
    let config = Config::load(&environment(), &std::env::current_dir()?)?;
    config.warnings.iter().for_each(|warning| dialect.warn(warning));
    args.action.take_config(&config)?;
    match act(args.action) {
        Ok(()) => Ok(ExitCode::Success),
        Err(error) if error.is::<Usage>() => {
            dialect.report(&error);
            Ok(ExitCode::Usage)
        }
        Err(error) => Err(error),
    }
}

fn act(action: Action) -> anyhow::Result<()> {
    match action {
        Action::Encrypt { passwords, encrypt, output, files } => {
            let (secrets, id) = passwords.to_encrypt(&encrypt)?;
            encrypt_files(&secrets, &id, &files, output.output.as_deref())?;
            done("Encryption successful");
        }
        Action::Decrypt { passwords, output, files } => {
            decrypt_files(&passwords.known()?, &files, output.output.as_deref())?;
            done("Decryption successful");
        }
        Action::View { passwords, files } => {
            let vault = Vault::new(passwords.known()?, scratch());
            for file in files {
                page(&vault.view(&file)?)?;
            }
        }
        Action::Edit { passwords, files, .. } => {
            let vault = Vault::new(passwords.known()?, scratch());
            for file in files {
                vault.edit_file(&file, &mut edit)?;
            }
        }
        Action::Create { passwords, encrypt, skip_tty_check, file } => {
            if !skip_tty_check && !io::stdout().is_terminal() {
                return usage("the editor cannot be opened without a terminal");
            }
            let (secrets, id) = passwords.to_encrypt(&encrypt)?;
            Vault::new(secrets, scratch()).create_file(&file, Some(&id), &mut edit)?;
        }
        Action::Rekey { passwords, encrypt, new_vault_password_file, new_vault_id, files } => {
            let vault = Vault::new(passwords.known()?, scratch());
            let mut sources: Vec<PasswordSource> = new_vault_id.iter().map(|id| PasswordSource::parse(id)).collect();
            sources.extend(new_vault_password_file.map(PasswordSource::file));
            let (id, password) = new_password(sources, encrypt.encrypt_vault_id.as_deref())?;
            for file in files {
                vault.rekey_file(&file, &password, Some(&id))?;
            }
            say("Rekey successful");
        }
        Action::EncryptString { passwords, encrypt, output, strings } => {
            let from_stdin = strings.read_stdin();
            if strings.prompt && from_stdin {
                return usage("`--prompt` cannot be used while values are read from standard input");
            }
            let (secrets, id) = passwords.to_encrypt(&encrypt)?;
            encrypt_strings(&secrets, &id, &strings, output.output.as_deref())?;
            done("Encryption successful");
        }
    }
    Ok(())
}

impl Action {
    /// Takes what the configuration says where the command line says nothing.
    fn take_config(&mut self, config: &Config) -> anyhow::Result<()> {
        let (passwords, encrypt) = match self {
            Self::Encrypt { passwords, encrypt, .. }
            | Self::Create { passwords, encrypt, .. }
            | Self::Rekey { passwords, encrypt, .. }
            | Self::EncryptString { passwords, encrypt, .. } => (passwords, Some(encrypt)),
            Self::Decrypt { passwords, .. } | Self::View { passwords, .. } | Self::Edit { passwords, .. } => {
                (passwords, None)
            }
        };
        let given = VaultOptions {
            files: std::mem::take(&mut passwords.vault_password_file),
            ids: std::mem::take(&mut passwords.vault_id),
            ask: passwords.ask_vault_password,
        };
        let VaultOptions { files, ids, ask } = given.with_config(config)?;
        (passwords.vault_password_file, passwords.vault_id, passwords.ask_vault_password) = (files, ids, ask);
        let identity = config.text("DEFAULT_VAULT_ENCRYPT_IDENTITY").filter(|id| !id.is_empty());
        if let (Some(encrypt), Some(identity)) = (encrypt, identity) {
            encrypt.encrypt_vault_id.get_or_insert_with(|| identity.to_owned());
        }
        Ok(())
    }
}

impl Passwords {
    fn sources(&self) -> anyhow::Result<Vec<PasswordSource>> {
        if let Some(id) = self.vault_id.iter().find(|id| id.contains(';')) {
            return usage(format!("`{id}` is not a vault id: it may not hold `;`"));
        }
        let mut sources: Vec<PasswordSource> = self.vault_id.iter().map(|id| PasswordSource::parse(id)).collect();
        sources.extend(self.vault_password_file.iter().map(PasswordSource::file));
        if self.ask_vault_password || sources.is_empty() {
            sources.push(PasswordSource::ask());
        }
        Ok(sources)
    }

    /// The passwords to open with.
    fn known(&self) -> anyhow::Result<VaultSecrets> {
        load(&self.sources()?, Prompt::Known)
    }

    /// The passwords to encrypt with, and the id that is chosen among them.
    fn to_encrypt(&self, encrypt: &EncryptWith) -> anyhow::Result<(VaultSecrets, String)> {
        let secrets = load(&self.sources()?, Prompt::New)?;
        let (id, _) = choose(&secrets, encrypt.encrypt_vault_id.as_deref())?;
        Ok((secrets, id))
    }
}

fn load(sources: &[PasswordSource], prompt: Prompt) -> anyhow::Result<VaultSecrets> {
    let mut warnings = Vec::new();
    let passwords = load_passwords(sources, prompt, &mut ask_secret, &mut warnings);
    for warning in warnings {
        say(&format!("warning: {:#}", anyhow::Error::new(warning)));
    }
    match passwords {
        Err(error @ PasswordError::Prompt(_)) => {
            Err(error).context("a Vault password is needed: give `--vault-password-file` or `--vault-id`")
        }
        other => Ok(VaultSecrets::from_passwords(other?)),
    }
}

fn choose(secrets: &VaultSecrets, id: Option<&str>) -> anyhow::Result<(String, Password)> {
    match secrets.to_encrypt_with(id) {
        Err(error @ VaultError::AmbiguousId(_)) => usage(format!("{error} with `--encrypt-vault-id`")),
        other => Ok(other?),
    }
}

fn new_password(mut sources: Vec<PasswordSource>, id: Option<&str>) -> anyhow::Result<(String, Password)> {
    if sources.is_empty() {
        sources.push(PasswordSource::ask());
    }
    choose(&load(&sources, Prompt::New)?, id)
}

/// The files to work on; standard input without any.
fn inputs<'f>(files: &'f [PathBuf], output: Option<&Path>, what: &str) -> anyhow::Result<Vec<&'f Path>> {
    if output.is_some() && files.len() > 1 {
        return usage("`--output` takes the result of one file only");
    }
    if files.is_empty() && io::stdin().is_terminal() {
        say(&format!("Reading {what} input from stdin"));
    }
    Ok(if files.is_empty() { vec![Path::new("-")] } else { files.iter().map(PathBuf::as_path).collect() })
}

fn encrypt_files(secrets: &VaultSecrets, id: &str, files: &[PathBuf], output: Option<&Path>) -> anyhow::Result<()> {
    let vault = Vault::new(secrets.clone(), scratch());
    for file in inputs(files, output, "plaintext")? {
        let to_stdout = is_dash(output.unwrap_or(file));
        if is_dash(file) || to_stdout {
            let text =
                secrets.encrypt(&content(file)?, Some(id)).with_context(|| format!("cannot encrypt {}", name(file)))?;
            put(text.as_bytes(), if to_stdout { None } else { output })?;
        } else {
            vault.encrypt_file(file, Some(id), output)?;
        }
    }
    Ok(())
}

fn decrypt_files(secrets: &VaultSecrets, files: &[PathBuf], output: Option<&Path>) -> anyhow::Result<()> {
    let vault = Vault::new(secrets.clone(), scratch());
    for file in inputs(files, output, "ciphertext")? {
        let to_stdout = is_dash(output.unwrap_or(file));
        if is_dash(file) || to_stdout {
            let opened = secrets.open(&content(file)?).with_context(|| format!("cannot decrypt {}", name(file)))?;
            put(&opened.bytes, if to_stdout { None } else { output })?;
        } else {
            vault.decrypt_file(file, output)?;
        }
    }
    Ok(())
}

impl Strings {
    /// Whether one of the values comes from standard input.
    fn read_stdin(&self) -> bool {
        self.stdin_name.is_some()
            || self.values.iter().any(|value| value == "-")
            || (self.values.is_empty() && !self.prompt)
    }

    /// The values with their names and where they came from.
    fn collect(&self) -> anyhow::Result<Vec<(Option<String>, Zeroizing<String>, &'static str)>> {
        let mut out = Vec::new();
        if self.prompt {
            out.push(self.ask()?);
        }
        if self.read_stdin() {
            if io::stdout().is_terminal() {
                say(
                    "Reading plaintext input from stdin. (ctrl-d to end input, twice if your content does not already have a newline)",
                );
            }
            let mut text = Zeroizing::new(String::new());
            io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
            if text.is_empty() {
                return usage("standard input was empty, there is nothing to encrypt");
            }
            out.push((self.stdin_name.clone(), text, "stdin"));
        }
        let values: Vec<&String> = self.values.iter().filter(|value| *value != "-").collect();
        if let Some(last) = self.names.last()
            && values.len() > self.names.len()
        {
            say("The number of --name options do not match the number of args.");
            say(&format!("The last named variable will be \"{last}\". The rest will not have names."));
        }
        for (index, value) in values.into_iter().enumerate() {
            if value.is_empty() {
                return usage("a value on the command line is empty, there is nothing to encrypt");
            }
            out.push((self.names.get(index).cloned(), Zeroizing::new(value.clone()), "the command line args"));
        }
        Ok(out)
    }

    fn ask(&self) -> anyhow::Result<(Option<String>, Zeroizing<String>, &'static str)> {
        let cancel = CancellationToken::new();
        let name = User.ask("Variable name (enter for no name): ", true, &cancel)?.filter(|name| !name.is_empty());
        let question = if self.show_input { "String to encrypt:" } else { "String to encrypt (hidden): " };
        let text = Zeroizing::new(User.ask(question, self.show_input, &cancel)?.unwrap_or_default());
        if text.is_empty() {
            return usage("the value typed in is empty, there is nothing to encrypt");
        }
        Ok((name, text, "the interactive prompt"))
    }
}

fn encrypt_strings(secrets: &VaultSecrets, id: &str, strings: &Strings, output: Option<&Path>) -> anyhow::Result<()> {
    let values = strings.collect()?;
    let several = values.len() > 1;
    let mut out = String::new();
    for (index, (name, text, place)) in values.iter().enumerate() {
        if several {
            let number = index + 1;
            say(&match name {
                Some(name) => {
                    format!("# The encrypted version of variable (\"{name}\", the string #{number} from {place}).")
                }
                None => format!("# The encrypted version of the string #{number} from {place}.)"),
            });
        }
        let envelope = secrets.encrypt(text.as_bytes(), Some(id)).context("cannot encrypt the value")?;
        out.push_str(&encrypted_variable(name.as_deref(), &envelope));
        out.push('\n');
    }
    put(out.as_bytes(), output.filter(|output| !is_dash(output)))
}

fn is_dash(path: &Path) -> bool {
    path == Path::new("-")
}

fn name(path: &Path) -> String {
    if is_dash(path) { "standard input".to_owned() } else { format!("`{}`", path.display()) }
}

fn content(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    if is_dash(path) {
        io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
    } else {
        *bytes = std::fs::read(path).with_context(|| format!("cannot read {}", name(path)))?;
    }
    Ok(bytes)
}

/// Writes to a file that only its owner can read, or to standard output.
fn put(bytes: &[u8], output: Option<&Path>) -> anyhow::Result<()> {
    if let Some(path) = output {
        return Ok(write_private(path, bytes)?);
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).context("cannot write to standard output")
}

/// Tells the user at a terminal that it worked; in a pipe the exit status says it.
fn done(message: &str) {
    if io::stdout().is_terminal() {
        say(message);
    }
}

#[expect(clippy::print_stderr, reason = "standard output is for data")]
fn say(message: &str) {
    eprintln!("{message}");
}
