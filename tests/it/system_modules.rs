//! The modules for the operating system, proven in whole systems: check mode, first run, second run, and what real tools
//! say about it.

use crate::hosts::Host;

#[test]
fn groups() {
    let host = Host::debian();
    let kept = host.keeps("group: {name: crew, gid: 4711}", "getent group crew || true");
    assert_eq!(kept.seen, "crew:x:4711:");
    assert_eq!((kept.result["gid"].as_i64(), kept.result["state"].as_str()), (Some(4711), Some("present")));
    let kept = host.keeps("group: {name: crew, gid: 4712}", "getent group crew || true");
    assert_eq!(kept.seen, "crew:x:4712:");
    assert!(host.fails("group: {name: other, gid: 4712}").contains("4712"));
    host.keeps("group: {name: twin, gid: 4712, non_unique: true}", "getent group twin || true");
    let kept = host.keeps("group: {name: machines, system: true}", "getent group machines || true");
    assert!(kept.result["gid"].as_i64().unwrap() < 1000, "{kept:?}");
    let kept = host.keeps("group: {name: crew, state: absent}", "getent group crew || true");
    assert_eq!(kept.seen, "");
}

#[test]
fn users() {
    let host = Host::debian();
    host.sh("groupadd crew; groupadd -g 4711 deck");
    let look = "getent passwd jane; id -nG jane; getent shadow jane | cut -d: -f2,4-; ls -lnAR /home /srv; true";
    let kept = host.keeps("user: {name: jane, comment: Jane, groups: [crew, deck], shell: /bin/sh, uid: 1234}", look);
    assert!(kept.seen.starts_with("jane:x:1234:1234:Jane:/home/jane:/bin/sh\njane crew deck\n!:"), "{}", kept.seen);
    assert!(kept.seen.contains(".profile"), "{}", kept.seen);
    assert_eq!(kept.result["create_home"], true);
    assert_eq!((kept.result["uid"].as_i64(), kept.result["groups"].as_str()), (Some(1234), Some("crew,deck")));

    let kept = host.keeps("user: {name: jane, password: $6$salt$hash, password_lock: true, expires: 1900000000}", look);
    assert!(kept.seen.contains("\n!$6$salt$hash:0:99999:7::21990:\n"), "{}", kept.seen);
    let again = host.task("user: {name: jane, password: other, update_password: on_create}");
    assert_eq!(again.status, "ok");
    let task = "user: {name: jane, password_lock: false, expires: -1, password_expire_max: 30, password_expire_warn: 3, \
                password_expire_min: 1, password_expire_account_disable: 9}";
    let kept = host.keeps(task, look);
    assert!(kept.seen.contains("\n$6$salt$hash:1:30:3:9::\n"), "{}", kept.seen);

    assert_eq!(host.fails("user: {name: jane, groups: nobodys, append: true}"), "Group nobodys does not exist");
    let kept = host.keeps("user: {name: jane, groups: sudo, append: true}", look);
    assert!(kept.seen.contains("\njane sudo crew deck\n"), "{}", kept.seen);
    assert_eq!(kept.result["append"], true);
    let kept = host.keeps("user: {name: jane, groups: [crew], group: deck}", look);
    assert!(kept.seen.contains("\ndeck crew\n"), "{}", kept.seen);
    host.keeps("user: {name: jane, groups: []}", look);

    let kept = host.keeps("user: {name: jane, home: /srv/jane, move_home: true}", look);
    assert!(kept.seen.contains("/srv/jane") && !kept.seen.contains("/home/jane"), "{}", kept.seen);
    host.sh("rm -r /srv/jane");
    let kept = host.keeps("user: {name: jane, umask: '077'}", "stat -c '%a %U' /srv/jane; ls -A /srv/jane || true");
    assert!(kept.seen.starts_with("700 jane\n") && kept.seen.contains(".bashrc"), "{}", kept.seen);

    let key = "stat -c '%a %U %n' /srv/jane/.ssh /srv/jane/.ssh/*; true";
    let task = "user: {name: jane, generate_ssh_key: true, ssh_key_type: ed25519, ssh_key_passphrase: letmein}";
    let kept = host.keeps(task, key);
    assert!(kept.seen.contains("700 jane /srv/jane/.ssh\n600 jane /srv/jane/.ssh/id_ed25519\n"), "{}", kept.seen);
    assert!(kept.result["ssh_fingerprint"].as_str().unwrap().contains("ansible-generated on testhost (ED25519)"));
    let public = host.sh("ssh-keygen -y -P letmein -f /srv/jane/.ssh/id_ed25519");
    assert!(kept.result["ssh_public_key"].as_str().unwrap().starts_with(public.split(" ansible").next().unwrap()));
    assert_eq!(host.task(&task.replace("name: jane", "name: jane, force: true")).status, "changed");

    let kept = host.keeps("user: {name: jane, state: absent, remove: true}", "getent passwd jane; ls /srv; true");
    assert_eq!(kept.seen, "");
    host.keeps("user: {name: robot, system: true, create_home: false, home: /nowhere}", "getent passwd robot; true");
    assert!(host.sh("id -u robot").trim().parse::<u32>().unwrap() < 1000);
}

#[test]
fn databases() {
    let host = Host::debian();
    let done = host.tasks(&["getent: {database: passwd, key: root}", "debug: {var: ansible_facts.getent_passwd.root}"]);
    assert_eq!(done[1].result["ansible_facts.getent_passwd.root"][5], "/bin/bash", "{done:?}");
    let done = host.task("getent: {database: group, key: nothere, fail_key: false}");
    assert_eq!(done.status, "ok");
    let told = host.fails("getent: {database: group, key: nothere}");
    assert_eq!(told, "One or more supplied key could not be found in the database.");
    assert_eq!(host.fails("getent: {database: nodatabase}"), "Missing arguments, or database unknown.");
}

#[test]
fn services() {
    let host = Host::debian();
    let look = "systemctl is-active cron; systemctl is-enabled cron; true";
    let kept = host.keeps("service: {name: cron, state: stopped, enabled: false}", look);
    assert_eq!(kept.seen, "inactive\ndisabled");
    assert_eq!((kept.result["state"].as_str(), kept.result["enabled"].as_bool()), (Some("stopped"), Some(false)));
    let kept = host.keeps("systemd: {name: cron.service, state: started, enabled: true}", look);
    assert_eq!(kept.seen, "active\nenabled");
    assert_eq!(kept.result["status"]["Id"], "cron.service");
    let kept = host.keeps("systemd: {name: cron, masked: true}", look);
    assert_eq!(kept.seen, "active\nmasked");
    assert!(host.fails("service: {name: cron, state: restarted}").contains("Unable to restart service cron:"));
    host.keeps("systemd_service: {name: cron, masked: false, enabled: true}", look);
    for state in ["restarted", "restarted"] {
        let before = host.sh("systemctl show -p MainPID cron");
        assert_eq!(host.task(&format!("service: {{name: cron, state: {state}}}, check_mode: true")).status, "changed");
        assert_eq!(host.sh("systemctl show -p MainPID cron"), before);
        assert_eq!(host.task(&format!("service: {{name: cron, state: {state}}}")).status, "changed");
        assert_ne!(host.sh("systemctl show -p MainPID cron"), before);
    }
    assert_eq!(
        host.fails("service: {name: nothere, state: started}"),
        "Could not find the requested service nothere: host"
    );

    host.write(
        "/etc/systemd/system/own@.service",
        "[Service]\nExecStart=/bin/sleep inf\n[Install]\nWantedBy=multi-user.target\n",
    );
    let look = "systemctl is-active own@a; systemctl is-enabled own@a; true";
    let kept = host.keeps("systemd: {name: own@a, state: started, enabled: true, daemon_reload: true}", look);
    assert_eq!(kept.seen, "active\nenabled");
    assert_eq!(host.task("systemd: {daemon_reload: true}").status, "ok");

    let kept = host.keeps("sysvinit: {name: cron, enabled: false}", "ls /etc/rc2.d | grep cron");
    assert_eq!(kept.seen, "K01cron");
    let kept = host.keeps(
        "sysvinit: {name: cron, enabled: true, state: stopped}",
        "ls /etc/rc2.d | grep cron; systemctl is-active cron",
    );
    assert_eq!(kept.seen, "S01cron\ninactive");
    assert_eq!(kept.result["status"]["stopped"]["rc"], 0);
    host.keeps("service: {name: cron, state: started, use: service}", "systemctl is-active cron; true");

    let facts = &host.tasks(&["service_facts: {}", "debug: {var: services}"])[1].result["services"];
    assert_eq!(facts["cron.service"]["state"], "running", "{facts:#}");
    assert_eq!(facts["own@.service"]["source"], "systemd", "{facts:#}");
    assert_eq!(facts["cron"]["source"], "sysv", "{facts:#}");
}

#[test]
fn kernel() {
    let host = Host::debian();
    host.own_network_settings();
    let look = "cat /etc/sysctl.d/own.conf; sysctl net.ipv4.ip_forward net.ipv4.ip_local_port_range; true";
    let file = "sysctl_file: /etc/sysctl.d/own.conf";
    host.sh("sysctl -w net.ipv4.ip_forward=0");
    let task = format!("ansible.posix.sysctl: {{name: net.ipv4.ip_forward, value: yes, sysctl_set: true, {file}}}");
    let kept = host.keeps(&task, look);
    assert!(kept.seen.starts_with("net.ipv4.ip_forward=1\nnet.ipv4.ip_forward = 1\n"), "{}", kept.seen);
    let kept = host.keeps(&format!("sysctl: {{name: net.ipv4.ip_local_port_range, value: 40000 50000, {file}}}"), look);
    assert!(kept.seen.ends_with("net.ipv4.ip_local_port_range = 40000\t50000"), "{}", kept.seen);
    host.sh("sysctl -w net.ipv4.ip_forward=0");
    assert_eq!(host.task(&task).status, "changed");
    host.keeps(&format!("sysctl: {{name: net.ipv4.ip_forward, state: absent, {file}}}"), look);
    let told = host.fails(&format!("sysctl: {{name: net.ipv4.nothere, value: 1, {file}}}"));
    assert!(told.contains("Failed to reload sysctl"), "{told}");

    // there are no kernel modules in a container, so that one that is not loaded is kept so
    let task = "modprobe: {name: nosuch, state: absent, persistent: present, params: a=1}";
    let kept = host.keeps(task, "cat /etc/modules-load.d/nosuch.conf /etc/modprobe.d/nosuch.conf; true");
    assert_eq!(kept.seen, "nosuch\noptions nosuch a=1");
    let told = host.fails("community.general.modprobe: {name: nosuch}");
    assert!(told.contains("nosuch"), "{told}");
}

#[test]
fn mounts() {
    let host = Host::debian();
    let look = "cat /etc/fstab; grep /mnt /proc/mounts; ls /mnt; true";
    let task =
        "ansible.posix.mount: {path: /mnt/a b, src: tmpfs, fstype: tmpfs, state: mounted, opts: size=1m, boot: false}";
    let kept = host.keeps(task, look);
    assert!(kept.seen.contains("\ntmpfs /mnt/a\\040b tmpfs size=1m,noauto 0 0\n"), "{}", kept.seen);
    assert!(kept.seen.contains("\ntmpfs /mnt/a\\040b tmpfs rw,relatime,size=1024k 0 0\n"), "{}", kept.seen);
    assert_eq!((kept.result["opts"].as_str(), kept.result["boot"].as_str()), (Some("size=1m,noauto"), Some("no")));
    let kept = host.keeps(&task.replace("1m", "2m"), look);
    assert!(kept.seen.contains("size=2048k"), "{}", kept.seen);
    let kept = host.keeps("mount: {path: /mnt/a b, state: unmounted}", look);
    assert!(!kept.seen.contains("size=2048k") && kept.seen.contains("size=2m"), "{}", kept.seen);
    host.keeps(&task.replace("1m", "2m"), look);
    assert_eq!(host.task("mount: {path: /mnt/a b, state: remounted}").status, "changed");
    let kept = host.keeps("mount: {path: /mnt/a b, state: absent}", look);
    assert!(!kept.seen.contains("/mnt/a") && !kept.seen.contains("a b"), "{}", kept.seen);
    host.keeps("mount: {path: /mnt/c, src: LABEL=x, fstype: ext4, state: present, passno: 2, backup: true}", look);
    host.keeps("mount: {path: /mnt/c, state: absent_from_fstab}", look);
    assert_eq!(host.task("mount: {path: /mnt/c, state: absent}").status, "ok");
    let ephemeral = "mount: {path: /mnt/e, src: one, fstype: tmpfs, state: ephemeral}";
    assert_eq!(host.task(&format!("{ephemeral}, check_mode: true")).status, "changed");
    assert_eq!(host.sh(look).matches("/mnt").count(), 0);
    for _ in 0..2 {
        assert_eq!(host.task(ephemeral).status, "changed");
    }
    assert!(host.fails(&ephemeral.replace("one", "two")).contains("already mounted with a different source"));
    let told = host.fails("mount: {path: /mnt/no, src: /no/device, fstype: ext4, state: mounted}");
    assert!(told.starts_with("Error mounting /mnt/no: "), "{told}");
    host.sh("test ! -e /mnt/no");

    let done = host.tasks(&["mount_facts: {fstypes: [tmpf*], devices: [one]}", "debug: {var: mount_points}"]);
    let point = &done[1].result["mount_points"]["/mnt/e"];
    assert_eq!(
        (point["device"].as_str(), point["ansible_context"]["source"].as_str()),
        (Some("one"), Some("/etc/mtab"))
    );
    assert!(point["size_total"].as_i64().unwrap() > 0, "{point:#}");
}

#[test]
fn ssh_keys() {
    let host = Host::debian();
    host.sh("useradd -m al; ssh-keygen -q -t ed25519 -N '' -C 'a comment' -f /root/k");
    let key = host.sh("cat /root/k.pub");
    let look = "cat ~al/.ssh/authorized_keys; stat -c '%a %U:%G' ~al/.ssh ~al/.ssh/authorized_keys; true";
    let task = format!("ansible.posix.authorized_key: {{user: al, key: '{}'}}", key.trim());
    let kept = host.keeps(&task, look);
    assert_eq!(kept.seen, format!("{key}700 al:al\n600 al:al"));
    assert_eq!(kept.result["keyfile"], "/home/al/.ssh/authorized_keys");
    let kept =
        host.keeps("authorized_key: {user: al, key: 'file:///root/k.pub', key_options: no-pty, exclusive: true}", look);
    assert!(kept.seen.starts_with("no-pty ssh-ed25519 "), "{}", kept.seen);
    assert!(
        host.fails("authorized_key: {user: nobodys, key: ssh-rsa AAAA}").starts_with("Failed to lookup user nobodys")
    );

    let line = format!("srv.example {}", key.split(" a comment").next().unwrap());
    let task = format!("known_hosts: {{name: srv.example, key: '{line}', path: /root/known, hash_host: true}}");
    host.keeps(&task, "cat /root/known; true");
    // what ssh-keygen understands is what ssh finds
    assert!(host.sh("ssh-keygen -F srv.example -f /root/known").contains("found: line 1"));
    host.keeps("known_hosts: {name: srv.example, path: /root/known, state: absent}", "cat /root/known; true");
}

#[test]
fn names_zones_locales_and_choices() {
    let host = Host::debian();
    let kept = host.keeps("hostname: {name: web1.example.com, use: debian}", "cat /etc/hostname; hostname");
    assert_eq!(kept.seen, "web1.example.com\nweb1.example.com");

    // the service behind it wants the right to set the machine's clock, which a test host must not have
    host.sh("rm /usr/bin/timedatectl");
    let look = "readlink /etc/localtime; cat /etc/timezone; date +%Z";
    let kept = host.keeps("timezone: {name: Asia/Tokyo}", look);
    assert!(kept.seen.contains("Asia/Tokyo") && kept.seen.ends_with("JST"), "{}", kept.seen);
    assert!(host.fails("timezone: {name: Nowhere/Land}").contains("is not available"));

    host.keeps("community.general.locale_gen: {name: de_DE.UTF-8}", "locale -a");
    let kept = host.keeps("locale_gen: {name: [de_DE.UTF-8], state: absent}", "locale -a");
    assert!(!kept.seen.contains("de_DE"), "{}", kept.seen);
    assert!(host.fails("locale_gen: {name: xx_YY.UTF-8}").contains("not available"));

    let look = "update-alternatives --query own; readlink -f /usr/bin/own /usr/bin/own2; true";
    let task = "community.general.alternatives: {name: own, link: /usr/bin/own, path: /bin/ls, priority: 10, \
                subcommands: [{name: own2, link: /usr/bin/own2, path: /bin/cat}]}";
    let kept = host.keeps(task, look);
    assert!(kept.seen.contains("Status: manual") && kept.seen.ends_with("/usr/bin/ls\n/usr/bin/cat"), "{}", kept.seen);
    host.keeps("alternatives: {name: own, path: /bin/cp, priority: 20, state: present}", look);
    let kept = host.keeps("alternatives: {name: own, path: /bin/ls, state: auto}", look);
    assert!(kept.seen.contains("Value: /bin/cp"), "{}", kept.seen);
    host.keeps("alternatives: {name: own, path: /bin/ls}", look);
    host.keeps("alternatives: {name: own, path: /bin/cp, state: absent}", look);
    assert!(host.fails("alternatives: {name: unknown, path: /bin/cp}").contains("missing the link"));
}

#[test]
fn packet_filter() {
    let host = Host::debian();
    let look = "iptables-save | grep -v '^#'; true";
    let task = "iptables: {chain: INPUT, protocol: tcp, destination_port: 22, ctstate: [NEW], syn: match, jump: ACCEPT, \
                comment: '!ssh only'}";
    let kept = host.keeps(task, look);
    assert!(kept.seen.contains("--dport 22"), "{}", kept.seen);
    host.keeps("iptables: {chain: OWN, chain_management: true}", look);
    let kept = host.keeps(
        "iptables: {chain: OWN, action: insert, source: '!10.0.0.0/8', reject_with: icmp-host-prohibited}",
        look,
    );
    assert!(kept.seen.contains("! -s 10.0.0.0/8 -j REJECT --reject-with icmp-host-prohibited"), "{}", kept.seen);
    host.keeps("iptables: {chain: OWN, source: '!10.0.0.0/8', reject_with: icmp-host-prohibited, state: absent}", look);
    host.keeps("iptables: {chain: OWN, chain_management: true, state: absent}", look);
    let kept = host.keeps("iptables: {chain: FORWARD, policy: DROP}", look);
    assert!(kept.seen.contains(":FORWARD DROP"), "{}", kept.seen);
    host.keeps(
        "iptables: {chain: INPUT, ip_version: both, destination_ports: ['80', '8000:8080'], protocol: tcp, jump: DROP}",
        look,
    );
    assert_eq!(host.task("iptables: {flush: true}").status, "changed");
    assert!(!host.sh(look).contains("-A"));
    assert!(host.fails("firewalld: {service: http, state: enabled}").contains("executable \"firewall-cmd\""));
}
