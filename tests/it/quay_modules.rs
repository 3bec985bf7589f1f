//! The Quay modules against the sandbox. Each that keeps something is proven to write nothing in check mode and on its second
//! run.

use std::fs;

use serde_json::{Value as Json, json};

use crate::quay_bench::{Bench, PASSWORD, mode, text};

fn organization(bench: &mut Bench, name: &str) {
    bench.done("quay_organization", json!({"name": name, "email": format!("{name}@example.com")}));
}

#[test]
fn the_first_user_is_made_once() {
    let mut bench = Bench::empty("{}");
    let args = json!({"username": "admin", "email": "admin@example.com", "password": PASSWORD});
    let made = bench.prove("quay_first_user", args.clone());
    assert_eq!(text(&made, "username"), "admin");
    assert_eq!(text(&made, "email"), "admin@example.com");

    // with a token, which is only made with the user
    let again = bench.done("quay_first_user", json!({"username": "admin", "password": PASSWORD, "create_token": true}));
    assert!(!again.changed && again.warnings[0].contains("quay_api_token"), "{again:?}");

    let message = bench.refused("quay_first_user", json!({"username": "admin", "password": "another-passw0rd"}));
    assert!(message.contains("there are users already"), "{message}");
    let message = bench.refused("quay_first_user", json!({"username": "other", "password": PASSWORD}));
    assert!(message.contains("there are users already"), "{message}");
}

#[test]
fn the_first_user_can_come_with_a_token() {
    let mut bench = Bench::empty("{}");
    let made = bench.done("quay_first_user", json!({"username": "admin", "password": PASSWORD, "create_token": "yes"}));
    let token = text(&made, "access_token");
    assert_eq!(bench.get("/api/v1/user/", &token).0, 200);
    // its secrets are marked and known to the redactor
    assert!(!format!("{:?}", made.values).contains(&token));
    assert!(!bench.redactor.redact(&token).contains(&token));
}

#[test]
fn a_lost_answer_to_the_first_user_is_no_failure() {
    let mut bench = Bench::empty("{}");
    bench.fault(json!({"method": "POST", "path": "/api/v1/user/initialize", "tear": "after"}));
    let args = json!({"username": "admin", "password": PASSWORD});
    let made = bench.done("quay_first_user", args.clone());
    assert!(made.changed && made.warnings[0].contains("answer was lost"), "{made:?}");
    assert!(!bench.done("quay_first_user", args).changed);
}

#[test]
fn organizations_are_kept() {
    let mut bench = Bench::new();
    let made =
        bench.prove("infra.quay_configuration.quay_organization", json!({"name": "acme", "email": "acme@example.com"}));
    assert_eq!(text(&made, "name"), "acme");
    bench.prove("quay_organization", json!({"name": "acme", "time_machine_expiration": "1w"}));
    bench.prove(
        "quay_organization",
        json!({"name": "acme", "email": "other@example.com", "time_machine_expiration": 86400}),
    );
    bench.prove("quay_organization", json!({"name": "acme", "new_name": "renamed"}));
    let message = bench.refused("quay_organization", json!({"name": "renamed", "time_machine_expiration": "3h"}));
    assert!(message.contains("Invalid tag expiration option"), "{message}");
    let message = bench.refused("quay_organization", json!({"name": "renamed", "time_machine_expiration": "soon"}));
    assert!(message.contains("time_machine_expiration"), "{message}");
    organization(&mut bench, "other");
    let message = bench.refused("quay_organization", json!({"name": "renamed", "new_name": "other"}));
    assert!(message.contains("there is an organization `other` already"), "{message}");
    bench.prove("quay_organization", json!({"name": "renamed", "state": "absent"}));
    let message = bench.refused("quay_organization", json!({"name": "renamed"}));
    assert!(message.contains("stays taken"), "{message}");
    let message = bench.refused("quay_organization", json!({"name": "Bad Name"}));
    assert!(message.contains("must match expression"), "{message}");
}

#[test]
fn applications_are_kept_and_not_doubled() {
    let mut bench = Bench::new();
    organization(&mut bench, "acme");
    let args = json!({"organization": "acme", "name": "tool", "description": "A tool"});
    let made = bench.prove("quay_application", args.clone());
    let again = bench.done("quay_application", args);
    assert_eq!(text(&made, "client_id"), text(&again, "client_id"));
    assert_eq!(text(&made, "client_secret"), text(&again, "client_secret"));
    assert!(!format!("{:?}", again.values).contains(&text(&again, "client_secret")));
    bench.prove(
        "quay_application",
        json!({"organization": "acme", "name": "tool", "redirect_uri": "https://tool.example.com/"}),
    );
    bench.prove("quay_application", json!({"organization": "acme", "name": "tool", "new_name": "gadget"}));
    let kept = bench.done("quay_application", json!({"organization": "acme", "name": "gadget"}));
    assert_eq!(text(&kept, "client_id"), text(&made, "client_id"));
    bench.prove("quay_application", json!({"organization": "acme", "name": "gadget", "state": "absent"}));
    let message = bench.refused("quay_application", json!({"organization": "nowhere", "name": "tool"}));
    assert!(message.contains("there is no organization `nowhere`"), "{message}");
    // what an earlier task would have made is not missed in check mode
    bench.new_run();
    assert!(bench.check("quay_application", json!({"organization": "nowhere", "name": "tool"})).unwrap().changed);
    assert!(
        !bench.done("quay_application", json!({"organization": "nowhere", "name": "tool", "state": "absent"})).changed
    );
}

/// An application of organization `config`, and arguments for a token of it in a file.
fn token_args(bench: &mut Bench, rights: &Json) -> Json {
    organization(bench, "config");
    let made = bench.done("quay_application", json!({"organization": "config", "name": "admin_token"}));
    json!({
        "client_id": text(&made, "client_id"),
        "rights": rights,
        "token_file": bench.path("tokens/admin_token"),
        "quay_username": "admin",
        "quay_password": PASSWORD,
    })
}

#[test]
fn a_token_is_made_once_and_kept() {
    let mut bench = Bench::new();
    let args = token_args(&mut bench, &json!("all"));
    let made = bench.prove("quay_api_token", args.clone());
    let (token, file) = (text(&made, "access_token"), bench.path("tokens/admin_token"));
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{token}\n"));
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    assert_eq!(bench.get("/api/v1/superuser/users/", &token).0, 200);
    assert_eq!(text(&bench.done("quay_api_token", args.clone()), "access_token"), token);

    // readable for others, exported for a shell, dead, missing: each is put right
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(text(&bench.prove("quay_api_token", args.clone()), "access_token"), token);
    assert_eq!(mode(&file), 0o600);
    fs::write(&file, format!("export ADMIN_TOKEN={token}\n")).unwrap();
    assert!(!bench.done("quay_api_token", args.clone()).changed);
    fs::write(&file, "dead\n").unwrap();
    let renewed = bench.prove("quay_api_token", args.clone());
    assert!(renewed.warnings[0].contains("not valid"), "{renewed:?}");
    fs::remove_file(&file).unwrap();
    assert_ne!(text(&bench.prove("quay_api_token", args), "access_token"), token);
}

#[test]
fn a_token_that_may_do_too_little_is_replaced() {
    let mut bench = Bench::new();
    let mut args = token_args(&mut bench, &json!(["user:read", "repo:read"]));
    bench.prove("quay_api_token", args.clone());
    args["rights"] = json!(["user:read", "repo:read", "super:user"]);
    let more = bench.prove("quay_api_token", args.clone());
    assert!(more.warnings[0].contains("lacks `super:user`"), "{more:?}");
    // a superuser's token may administer organizations without the scope, so this is tried without
    fs::remove_file(bench.path("tokens/admin_token")).unwrap();
    args["rights"] = json!(["user:read", "repo:read"]);
    bench.prove("quay_api_token", args.clone());
    args["rights"] = json!(["user:read", "repo:read", "org:admin"]);
    args["organization"] = json!("config");
    let more = bench.prove("quay_api_token", args.clone());
    assert!(more.warnings[0].contains("lacks `org:admin`"), "{more:?}");
    // without user:read, nobody can tell whose it is, but the registry knows that it is valid
    args["rights"] = json!("repo:read");
    fs::remove_file(bench.path("tokens/admin_token")).unwrap();
    bench.prove("quay_api_token", args);
}

#[test]
fn a_token_makes_a_token_where_the_registry_can() {
    let mut bench = Bench::new();
    let args = token_args(&mut bench, &json!("all"));
    let token = text(&bench.done("quay_api_token", args), "access_token");
    bench.connection = json!({"quay_token": token});
    bench.done("quay_application", json!({"organization": "config", "name": "pruner"}));
    let file = bench.path("pruner_token");
    let args = json!({"organization": "config", "application": "pruner", "rights": "repo:read,repo:write", "token_file": file});
    bench.prove("quay_api_token", args);
    let message = bench.refused("quay_api_token", json!({"organization": "config", "application": "nothing"}));
    assert!(message.contains("no application `nothing`"), "{message}");
    let message = bench.refused("quay_api_token", json!({}));
    assert!(message.contains("client_id"), "{message}");
}

#[test]
fn an_older_registry_gives_tokens_to_those_who_sign_in() {
    let mut bench = Bench::new();
    let args = token_args(&mut bench, &json!("all"));
    // before 3.18 there was no such endpoint
    let page = "<!DOCTYPE html>\n<title>404</title>";
    let old = json!({"method": "POST", "path": "/api/v1/organization/*/tokens", "status": 405, "body": page, "content_type": "text/html", "count": 0});
    bench.fault(old);
    let made = bench.prove("quay_api_token", args.clone());
    let token = text(&made, "access_token");
    assert_eq!(bench.get("/api/v1/superuser/users/", &token).0, 200);
    let message = bench.refused(
        "quay_api_token",
        json!({"quay_token": token, "organization": "config", "application": "admin_token", "rights": "all"}),
    );
    assert!(message.contains("older than Quay 3.18"), "{message}");
    let message = bench.refused("quay_api_token", json!({"client_id": "NOSUCH", "rights": "all"}));
    assert!(message.contains("NOSUCH"), "{message}");
}

#[test]
fn users_are_kept_with_the_passwords_given() {
    let mut bench = Bench::new();
    let made = bench
        .prove("quay_user", json!({"username": "alice", "email": "alice@example.com", "password": "alices-passw0rd"}));
    assert_eq!(text(&made, "username"), "alice");
    assert!(!made.values.contains_key("password"), "{made:?}");
    bench.prove("quay_user", json!({"username": "alice", "password": "alices-new-passw0rd"}));
    bench.prove("quay_user", json!({"username": "alice", "email": "a@example.com"}));
    let kept = json!({"username": "alice", "password": "not-the-passw0rd", "update_password": "on_create"});
    assert!(!bench.done("quay_user", kept).changed);

    // the password is used to sign in
    let own = json!({"name": "alices", "quay_username": "alice", "quay_password": "alices-new-passw0rd"});
    bench.done("quay_organization", own);
    let message = bench.refused(
        "quay_organization",
        json!({"name": "x1", "quay_username": "alice", "quay_password": "wrong-passw0rd"}),
    );
    assert!(message.contains("cannot sign in") && message.contains("Invalid Username or Password"), "{message}");
    assert!(!message.contains("wrong-passw0rd"));

    bench.prove("quay_user", json!({"username": "alice", "enabled": false}));
    bench.prove("quay_user", json!({"username": "alice", "state": "absent"}));
    let message = bench.refused("quay_user", json!({"username": "bob", "password": "short"}));
    assert!(message.contains("at least 8 characters"), "{message}");
}

#[test]
fn passwords_that_nobody_gave_are_made_and_kept() {
    let mut bench = Bench::new();
    let file = bench.path("tokens/bob_password");
    let args = json!({"username": "bob", "password_file": file});
    bench.prove("quay_user", args.clone());
    let password = fs::read_to_string(&file).unwrap().trim().to_owned();
    assert_eq!((password.len(), mode(&file)), (32, 0o600));
    bench.done("quay_organization", json!({"name": "bobs", "quay_username": "bob", "quay_password": password}));
    // a lost file means a new password, a changed one is taken over
    fs::remove_file(&file).unwrap();
    bench.prove("quay_user", args.clone());
    assert_ne!(fs::read_to_string(&file).unwrap().trim(), password);
    fs::write(&file, "bobs-own-passw0rd\n").unwrap();
    bench.prove("quay_user", args);
    // without a file, it is returned once
    let made = bench.done("quay_user", json!({"username": "carol"}));
    assert_eq!(text(&made, "password").len(), 32);
    assert!(!format!("{:?}", made.values).contains(&text(&made, "password")));
    assert!(!bench.done("quay_user", json!({"username": "carol"})).changed);
}

#[test]
fn a_user_whose_creation_got_no_answer_gets_the_password_all_the_same() {
    let mut bench = Bench::new();
    bench.fault(json!({"method": "POST", "path": "/api/v1/superuser/users/", "tear": "after"}));
    let args = json!({"username": "alice", "password": "alices-passw0rd"});
    assert!(bench.done("quay_user", args.clone()).changed);
    assert!(!bench.done("quay_user", args).changed);
    bench.fault(json!({"method": "POST", "path": "/api/v1/superuser/users/", "tear": "after"}));
    let message = bench.refused("quay_user", json!({"username": "bob"}));
    assert!(message.contains("is lost"), "{message}");
}

#[test]
fn superusers_stay_as_they_are() {
    let mut bench = Bench::new();
    let same = bench.done("quay_user", json!({"username": "admin", "password": PASSWORD}));
    assert!(!same.changed && same.warnings.is_empty(), "{same:?}");
    for (args, word) in [
        (json!({"username": "admin", "email": "else@example.com"}), "e-mail"),
        (json!({"username": "admin", "password": "another-passw0rd"}), "password"),
        (json!({"username": "admin", "state": "absent"}), "delete"),
    ] {
        let outcome = bench.done("quay_user", args);
        assert!(!outcome.changed && outcome.warnings[0].contains(word), "{outcome:?}");
    }
}

#[test]
fn robots_hand_out_their_tokens() {
    let mut bench = Bench::new();
    organization(&mut bench, "acme");
    let file = bench.path("robots/acme+ci");
    let args = json!({"name": "acme+ci", "description": "CI pushes", "token_file": file});
    let made = bench.prove("herve4m.quay.quay_robot", args.clone());
    let token = text(&made, "token");
    assert_eq!((text(&made, "name"), token.len(), mode(&file)), ("acme+ci".to_owned(), 64, 0o600));
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{token}\n"));
    // the token of a robot that is there already is given out, too
    assert_eq!(text(&bench.done("quay_robot", json!({"name": "acme+ci"})), "token"), token);
    fs::write(&file, "stale\n").unwrap();
    assert_eq!(text(&bench.prove("quay_robot", args.clone()), "token"), token);

    let told = bench.done("quay_robot", json!({"name": "acme+ci", "description": "else"}));
    assert!(!told.changed && told.warnings[0].contains("description"), "{told:?}");

    let mut renew = args.clone();
    renew["regenerate"] = json!(true);
    let renewed = bench.done("quay_robot", renew);
    assert!(renewed.changed && text(&renewed, "token") != token);
    assert_eq!(fs::read_to_string(&file).unwrap().trim(), text(&renewed, "token"));
    assert!(!bench.done("quay_robot", args).changed);

    bench.prove("quay_robot", json!({"name": "acme+ci", "state": "absent", "token_file": file}));
    assert!(!file.exists());
    let message = bench.refused("quay_robot", json!({"name": "nowhere+ci"}));
    assert!(message.contains("no organization `nowhere`"), "{message}");
    let message = bench.refused("quay_robot", json!({"name": "acme+CI"}));
    assert!(message.contains("invalid"), "{message}");
}

#[test]
fn robots_of_the_caller_need_no_namespace() {
    let mut bench = Bench::new();
    let made = bench.prove("quay_robot", json!({"name": "mine"}));
    assert_eq!(text(&made, "name"), "admin+mine");
    assert!(!bench.done("quay_robot", json!({"name": "admin+mine"})).changed);
    bench.prove("quay_robot", json!({"name": "mine", "state": "absent"}));
}

#[test]
fn a_robot_whose_creation_got_no_answer_is_not_made_twice() {
    let mut bench = Bench::new();
    organization(&mut bench, "acme");
    for tear in ["after", "before"] {
        bench.fault(json!({"method": "PUT", "path": "*/robots/*", "tear": tear}));
        let made = bench.done("quay_robot", json!({"name": format!("acme+{tear}")}));
        assert_eq!(text(&made, "token").len(), 64);
    }
    bench.fault(json!({"path": "*/robots*", "status": 503, "count": 2}));
    assert!(!bench.done("quay_robot", json!({"name": "acme+after"})).changed);
}

#[test]
fn teams_are_kept_with_their_members() {
    let mut bench = Bench::new();
    organization(&mut bench, "acme");
    bench.done("quay_robot", json!({"name": "acme+ci"}));
    for user in ["alice", "bob"] {
        bench.done("quay_user", json!({"username": user, "password": "their-passw0rd"}));
    }
    bench.prove(
        "quay_team",
        json!({"organization": "acme", "name": "creators", "role": "creator", "members": ["acme+ci"]}),
    );
    bench.prove("quay_team", json!({"organization": "acme", "name": "creators", "members": ["alice", "bob"]}));
    bench.prove("quay_team", json!({"organization": "acme", "name": "creators", "description": "They create"}));
    // the role stays where none is given, though Quay always wants one
    assert!(!bench.done("quay_team", json!({"organization": "acme", "name": "creators", "role": "creator"})).changed);
    bench.prove("quay_team", json!({"organization": "acme", "name": "creators", "members": ["bob"], "append": false}));
    bench.prove("quay_team", json!({"organization": "acme", "name": "creators", "members": [], "append": false}));
    bench.prove("quay_team", json!({"organization": "acme", "name": "leads", "role": "admin"}));
    bench.prove("quay_team", json!({"organization": "acme", "name": "leads", "state": "absent"}));
    bench.prove("quay_team", json!({"organization": "acme", "name": "creators", "state": "absent"}));
    let message = bench.refused("quay_team", json!({"organization": "acme", "name": "devs", "members": ["nobody"]}));
    assert!(message.contains("cannot add member nobody"), "{message}");
    let message = bench.refused("quay_team", json!({"organization": "acme", "name": "devs", "role": "owner"}));
    assert!(message.contains("`owner` is not one of"), "{message}");
}

#[test]
fn invited_members_are_not_invited_again() {
    let mut bench = Bench::with_settings("{FEATURE_MAILING: true}");
    organization(&mut bench, "acme");
    bench.done("quay_user", json!({"username": "alice", "email": "alice@example.com", "password": "alices-passw0rd"}));
    bench.prove("quay_team", json!({"organization": "acme", "name": "devs", "members": ["alice", "ext@example.com"]}));
    bench.prove("quay_team", json!({"organization": "acme", "name": "devs", "members": ["alice"], "append": false}));
}

#[test]
fn default_permissions_are_kept_and_not_doubled() {
    let mut bench = Bench::new();
    organization(&mut bench, "acme");
    bench.done("quay_robot", json!({"name": "acme+ci"}));
    bench.done("quay_team", json!({"organization": "acme", "name": "devs"}));
    let robot = |role: &str| json!({"organization": "acme", "name": "acme+ci", "role": role});
    bench.prove("quay_default_perm", robot("write"));
    bench.prove("quay_prototype", robot("admin"));
    bench.prove("quay_default_perm", json!({"organization": "acme", "name": "devs", "type": "team"}));
    bench.prove(
        "quay_default_perm",
        json!({"organization": "acme", "name": "devs", "type": "team", "creator": "admin"}),
    );
    assert!(!bench.done("quay_default_perm", json!({"organization": "acme", "name": "acme+ci"})).changed);
    bench.prove("quay_default_perm", json!({"organization": "acme", "name": "acme+ci", "state": "absent"}));
    let message = bench.refused("quay_default_perm", json!({"organization": "acme", "name": "nobody", "role": "read"}));
    assert!(message.contains("Missing delegate"), "{message}");

    // a creation whose answer was lost leaves one, not two
    bench.fault(json!({"method": "POST", "path": "*/prototypes", "tear": "after"}));
    assert!(bench.done("quay_default_perm", robot("write")).changed);
    assert!(!bench.done("quay_default_perm", robot("write")).changed);
    let token = admin_token(&mut bench);
    let all = bench.get("/api/v1/organization/acme/prototypes", &token).1;
    assert_eq!(all["prototypes"].as_array().unwrap().len(), 3, "{all}");
}

/// A token that may do everything.
fn admin_token(bench: &mut Bench) -> String {
    let args = token_args(bench, &json!("all"));
    text(&bench.done("quay_api_token", args), "access_token")
}

#[test]
fn duplicates_of_default_permissions_are_cleared_away() {
    let mut bench = Bench::new();
    organization(&mut bench, "acme");
    bench.done("quay_robot", json!({"name": "acme+ci"}));
    let token = admin_token(&mut bench);
    for role in ["read", "write", "write"] {
        bench.post(
            "/api/v1/organization/acme/prototypes",
            &token,
            &json!({"role": role, "delegate": {"kind": "user", "name": "acme+ci"}}),
        );
    }
    bench.prove("quay_default_perm", json!({"organization": "acme", "name": "acme+ci", "role": "write"}));
    let all = bench.get("/api/v1/organization/acme/prototypes", &token).1;
    assert_eq!(all["prototypes"].as_array().unwrap().len(), 1, "{all}");
}

#[test]
fn repositories_are_kept() {
    let mut bench = Bench::new();
    organization(&mut bench, "acme");
    bench.done("quay_robot", json!({"name": "acme+ci"}));
    bench.done("quay_team", json!({"organization": "acme", "name": "devs"}));
    bench.done("quay_user", json!({"username": "alice", "password": "alices-passw0rd"}));
    let name = "acme/deep/er/app";
    bench.prove(
        "quay_repository",
        json!({
            "name": name, "visibility": "public", "description": "The app",
            "perms": [{"name": "acme+ci", "role": "write"}, {"name": "devs", "type": "team", "role": "admin"}],
        }),
    );
    bench.prove("quay_repository", json!({"name": name, "visibility": "private"}));
    bench.prove("quay_repository", json!({"name": name, "description": ""}));
    bench.prove("quay_repository", json!({"name": name, "perms": [{"name": "acme+ci", "role": "read"}]}));
    bench.prove("quay_repository", json!({"name": name, "perms": [{"name": "alice"}]}));
    bench.prove("quay_repository", json!({"name": name, "star": true}));
    bench.prove("quay_repository", json!({"name": name, "star": false, "repo_state": "READ_ONLY"}));
    let exact = json!({"name": name, "append": false, "perms": [{"name": "acme+ci", "role": "read"}]});
    bench.prove("quay_repository", exact);
    let token = admin_token(&mut bench);
    let all = bench.get(&format!("/api/v1/repository/{name}/permissions/user/"), &token).1;
    assert_eq!(all["permissions"].as_object().unwrap().keys().collect::<Vec<_>>(), ["acme+ci"]);
    assert!(!bench.done("quay_repository", json!({"name": name})).changed);
    bench.prove("quay_repository", json!({"name": name, "state": "absent"}));

    let message = bench.refused("quay_repository", json!({"name": "nowhere/app"}));
    assert!(message.contains("no organization `nowhere`"), "{message}");
    let message = bench.refused("quay_repository", json!({"name": "acme/App"}));
    assert!(message.contains("Invalid repository name"), "{message}");
    let message = bench.refused("quay_repository", json!({"name": "acme/../other"}));
    assert!(message.contains("Invalid repository name") || message.contains("no name"), "{message}");
    bench.prove("quay_repository", json!({"name": "own"}));
    assert!(!bench.done("quay_repository", json!({"name": "admin/own"})).changed);
}

#[test]
fn a_new_repository_keeps_what_default_permissions_gave_it() {
    let mut bench = Bench::new();
    organization(&mut bench, "acme");
    bench.done("quay_robot", json!({"name": "acme+ci"}));
    bench.done("quay_default_perm", json!({"organization": "acme", "name": "acme+ci", "role": "write"}));
    bench.prove("quay_repository", json!({"name": "acme/app", "perms": [{"name": "acme+ci", "role": "write"}]}));
    bench.fault(json!({"method": "POST", "path": "/api/v1/repository", "tear": "after"}));
    assert!(bench.done("quay_repository", json!({"name": "acme/lost"})).changed);
}

#[test]
fn options_of_the_connection_are_checked() {
    let mut bench = Bench::new();
    let name = json!({"name": "acme"});
    let with = |more: Json| {
        let mut args = name.clone();
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        args
    };
    for (args, part) in [
        (with(json!({"quay_token": "t", "quay_username": "u", "quay_password": "p"})), "cannot stand together"),
        (with(json!({"quay_token": "t", "quay_token_file": "/f"})), "cannot stand together"),
        (with(json!({"quay_username": "u"})), "is needed with `quay_username`"),
        (with(json!({"quay_token_file": "/nonexistent/token"})), "there is no token in"),
        (with(json!({"quay_token": "not-a-token"})), "the token is not valid"),
        (with(json!({"quay_host": "ftp://x"})), "quay_host"),
        (with(json!({"quay_host": "http://127.0.0.1:9", "timeout": 1})), "is it up?"),
        (with(json!({"timeout": 0})), "timeout"),
        (with(json!({"ca_path": "/nonexistent/ca.pem"})), "/nonexistent/ca.pem"),
        (with(json!({"nonsense": 1})), "unknown option `nonsense`"),
    ] {
        let message = bench.refused("quay_organization", args.clone());
        assert!(message.contains(part), "{args}: {message}");
    }
    // in check mode the file with the token may still be missing, because an earlier task would have made it
    bench.new_run();
    assert!(bench.check("quay_organization", with(json!({"quay_token_file": "/nonexistent/token"}))).unwrap().changed);
}

#[test]
fn an_invalid_token_does_not_pass_for_somebody_who_sees_little() {
    let mut bench = Bench::new();
    organization(&mut bench, "acme");
    // with such a token Quay shows a public view of the organization, and an empty list of repositories
    for (module, args) in [
        ("quay_organization", json!({"name": "acme", "quay_token": "dead"})),
        ("quay_team", json!({"organization": "acme", "name": "devs", "quay_token": "dead"})),
        ("quay_repository", json!({"name": "acme/app", "quay_token": "dead"})),
        ("quay_robot", json!({"name": "acme+ci", "quay_token": "dead", "state": "absent"})),
    ] {
        bench.new_run();
        let message = bench.check(module, args).unwrap_err().full_message();
        assert!(message.contains("the token is not valid"), "{module}: {message}");
    }
}

#[test]
fn a_token_in_a_file_is_used_while_it_is_valid_and_the_password_otherwise() {
    let mut bench = Bench::new();
    let token = admin_token(&mut bench);
    let file = bench.path("token");
    let args = json!({"name": "acme", "quay_token_file": file, "quay_username": "admin", "quay_password": PASSWORD});
    fs::write(&file, &token).unwrap();
    bench.forget_requests();
    bench.done("quay_organization", args.clone());
    let signed_in = |bench: &Bench| bench.requests().iter().any(|seen| seen.path == "/api/v1/signin");
    assert!(!signed_in(&bench));
    fs::write(&file, "dead").unwrap();
    assert!(!bench.done("quay_organization", args.clone()).changed);
    assert!(signed_in(&bench));
    fs::remove_file(&file).unwrap();
    assert!(!bench.done("quay_organization", args).changed);
}

#[test]
fn switched_off_states_are_named() {
    let mut bench = Bench::with_settings("{FEATURE_REPO_MIRROR: false}");
    organization(&mut bench, "acme");
    let message = bench.refused("quay_repository", json!({"name": "acme/app", "repo_state": "READ_ONLY"}));
    assert!(message.contains("FEATURE_REPO_MIRROR"), "{message}");
}

/// Everything that a project needs, as a play over many organizations does it: one task after the other, each over all.
fn projects(bench: &Bench, organizations: &[String]) -> Vec<String> {
    type Args = fn(&str) -> Json;
    let tasks: [(&str, Args); 6] = [
        ("quay_organization", |of| json!({"name": of, "email": format!("{of}@example.com")})),
        ("quay_robot", |of| json!({"name": format!("{of}+ci"), "description": "Pushes images"})),
        (
            "quay_team",
            |of| json!({"organization": of, "name": "creators", "role": "creator", "members": [format!("{of}+ci")]}),
        ),
        ("quay_default_perm", |of| json!({"organization": of, "name": format!("{of}+ci"), "role": "write"})),
        (
            "quay_repository",
            |of| json!({"name": format!("{of}/app"), "visibility": "public", "perms": [{"name": format!("{of}+ci"), "role": "write"}]}),
        ),
        ("quay_repository", |of| json!({"name": format!("{of}/web"), "description": "The web"})),
    ];
    let mut changed = Vec::new();
    for (module, args) in tasks {
        for organization in organizations {
            let outcome = bench
                .run(module, args(organization))
                .unwrap_or_else(|error| panic!("{module} {organization}: {}", error.full_message()));
            if outcome.changed {
                changed.push(format!("{module} {organization}"));
            }
        }
    }
    changed
}

#[test]
fn a_play_over_many_organizations_reads_lists() {
    let mut bench = Bench::new();
    let token = admin_token(&mut bench);
    bench.connection = json!({"quay_token": token});
    let organizations: Vec<String> = (0..20).map(|number| format!("org{number:02}")).collect();
    bench.new_run();
    bench.forget_requests();
    assert_eq!(projects(&bench, &organizations).len(), 120);
    let first = bench.requests().len();
    bench.new_run();
    bench.forget_requests();
    assert_eq!(projects(&bench, &organizations), [""; 0]);
    assert_eq!(bench.writes(), [""; 0]);
    // organization with its teams, robots, members of the team, default permissions, repositories, roles of the robot
    let second = bench.requests().len();
    assert_eq!(second, 6 * organizations.len(), "{:#?}", bench.requests());
    // each of the 140 writes of the first run, and little more than the same reads
    assert!(first <= 140 + 180, "{first} requests in the first run");
    println!("{first} requests in the first run, {second} in the second");
}

#[test]
fn a_large_namespace_is_not_read_as_a_whole_for_a_few_repositories() {
    let mut bench = Bench::new();
    organization(&mut bench, "many");
    let token = admin_token(&mut bench);
    for number in 0..230 {
        let new = json!({"namespace": "many", "repository": format!("r{number:03}"), "visibility": "private", "description": ""});
        bench.post("/api/v1/repository", &token, &new);
    }
    bench.new_run();
    bench.forget_requests();
    let keep = |number: u32| {
        let outcome = bench.run("quay_repository", json!({"name": format!("many/r{number:03}")})).unwrap();
        assert!(!outcome.changed);
        bench.requests().iter().filter(|seen| seen.path.starts_with("/api/v1/repository")).count()
    };
    assert_eq!(keep(5), 1);
    assert_eq!(keep(6), 1);
    assert_eq!(keep(205), 2);
    for number in 206..225 {
        keep(number);
    }
    // five one by one, then the list of three pages
    assert_eq!(keep(225), 1 + 5 + 3);
}

#[test]
fn a_registry_with_an_authority_of_its_own_is_trusted_when_it_is_named() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tls");
    let mut bench = Bench::with_tls(&format!("{data}/cert.pem"), &format!("{data}/key.pem"));
    let user = json!({"username": "admin", "password": PASSWORD});
    let with = |key: &str, value: Json| {
        let mut args = user.clone();
        args[key] = value;
        args
    };
    let message = bench.refused("quay_first_user", user.clone());
    assert!(
        message.contains("signed by an authority that is not known here") && message.contains("`ca_path`"),
        "{message}"
    );
    // a certificate does not get better by asking again
    assert!(bench.done("quay_first_user", with("ca_path", json!(format!("{data}/ca.pem")))).changed);
    assert!(!bench.done("quay_first_user", with("validate_certs", json!(false))).changed);
    assert!(!bench.done("quay_first_user", with("verify_ssl", json!("no"))).changed);
    let message = bench.refused("quay_first_user", with("ca_path", json!(format!("{data}/key.pem"))));
    assert!(message.contains("holds no certificate"), "{message}");
    let message =
        bench.refused("quay_first_user", with("quay_host", json!(bench.sandbox.url.replace("https", "http"))));
    assert!(!message.is_empty());
    // another name than the certificate's
    let other = bench.sandbox.url.replace("127.0.0.1", "127.0.0.2");
    let mut args = with("ca_path", json!(format!("{data}/ca.pem")));
    args["quay_host"] = json!(other);
    let message = bench.refused("quay_first_user", args);
    assert!(message.contains("is for another name") || message.contains("is it up?"), "{message}");
}

#[test]
fn tags_are_kept() {
    let mut bench = Bench::new();
    organization(&mut bench, "acme");
    bench.done("quay_repository", json!({"name": "acme/app"}));
    bench.post("/_sandbox/fill", "", &json!({"repository": "acme/app", "tags": 3}));
    let latest = bench.done("quay_tag", json!({"image": "acme/app"}));
    assert!(!latest.changed);
    let digest = text(&latest, "digest");

    bench.prove("quay_tag", json!({"image": "acme/app:latest", "tag": "stable"}));
    bench.prove("quay_tag", json!({"image": format!("acme/app@{digest}"), "tag": "by-digest"}));
    bench.prove(
        "quay_tag",
        json!({"image": "acme/app:stable", "expiration": "2027-10-01", "expiration_format": "%Y-%m-%d"}),
    );
    bench.prove("quay_tag", json!({"image": "acme/app:stable", "expiration": ""}));
    bench.prove("quay_tag", json!({"image": "acme/app:stable", "immutable": true}));
    let message = bench.refused("quay_tag", json!({"image": "acme/app:stable", "state": "absent"}));
    assert!(message.contains("immutable"), "{message}");
    bench.prove("quay_tag", json!({"image": "acme/app:stable", "immutable": false}));
    bench.prove("quay_tag", json!({"image": "acme/app:stable", "state": "absent"}));
    bench.prove("quay_tag", json!({"image": "acme/app:latest", "tag": "by-digest", "state": "absent"}));

    let message = bench.refused("quay_tag", json!({"image": "acme/app:nothing"}));
    assert!(message.contains("there is no image `acme/app:nothing`"), "{message}");
    assert!(!bench.done("quay_tag", json!({"image": "acme/nothing:v1", "state": "absent"})).changed);
}
