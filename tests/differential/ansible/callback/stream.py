"""Writes what ansible-playbook reports as JSON lines into the file that STREAM_FILE names."""

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: stream
type: stdout
short_description: events as JSON lines
description:
  - Writes plays, tasks, results and the recap as JSON lines.
"""


def plain(value):
    """What JSON knows, of ansible's own types."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "stream"

    def __init__(self):
        super().__init__()
        self.file = open(os.environ["STREAM_FILE"], "a", encoding="utf-8")

    def write(self, event, **fields):
        self.file.write(json.dumps({"event": event, **plain(fields)}) + "\n")
        self.file.flush()

    def result(self, status, result, ignored=False):
        values = dict(result._result)
        delegated = values.pop("_ansible_delegated_vars", None) or {}
        self.write(
            "result",
            status=status,
            host=result._host.get_name(),
            action=result._task.action,
            ignored=ignored,
            delegated_to=delegated.get("ansible_delegated_host") or delegated.get("ansible_host"),
            diff=self.diffs(values),
            result={key: value for key, value in values.items() if not key.startswith("_ansible")},
        )

    def diffs(self, values):
        found = [item["diff"] for item in values.get("results") or [] if isinstance(item, dict) and item.get("diff")]
        if values.get("diff"):
            found.append(values["diff"])
        return [self._get_diff(diff) for diff in found]

    def v2_playbook_on_play_start(self, play):
        self.write("play", name=play.get_name())

    def v2_playbook_on_no_hosts_matched(self):
        self.write("no_hosts")

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.write("task", name=task.get_name(), action=task.action)

    def v2_playbook_on_handler_task_start(self, task):
        self.write("handler", name=task.get_name(), action=task.action)

    def v2_runner_on_ok(self, result):
        self.result("changed" if result._result.get("changed") else "ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.result("failed", result, bool(ignore_errors))

    def v2_runner_on_skipped(self, result):
        self.result("skipped", result)

    def v2_runner_on_unreachable(self, result):
        self.result("unreachable", result)

    def v2_playbook_on_stats(self, stats):
        hosts = {}
        for host in sorted(stats.processed):
            summary = stats.summarize(host)
            hosts[host] = {"failed" if name == "failures" else name: count for name, count in summary.items()}
        self.write("recap", hosts=hosts)
