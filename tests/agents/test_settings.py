"""Options from flags, environment and file, and what is said of wrong ones."""

import argparse
from pathlib import Path

import pytest

from netcore_agents.aggregator.settings import Settings as AggregatorSettings
from netcore_agents.probe.settings import ENVIRONMENT, Settings
from netcore_agents.settings import SettingsError, add_options, duration, load

NEEDED = ["--node", "a", "--bind", "127.0.0.1:0", "--broker", "mqtt://127.0.0.1"]


def read(*flags: str, environ: dict[str, str] | None = None, settings=Settings):
    parser = argparse.ArgumentParser()
    add_options(parser, settings)
    return load(settings, parser.parse_args(flags), environ or {}, prefix=ENVIRONMENT)


def test_flags_outrank_the_environment_that_outranks_the_file(tmp_path: Path):
    file = tmp_path / "agent.toml"
    file.write_text(
        'cluster = "file"\ninterval = "100ms"\nreport-interval = 5\nbuffer = 7\n'
        'peer = ["b=127.0.0.2:862"]\n'
    )
    environ = {"NETCORE_AGENT_CLUSTER": "environment", "NETCORE_AGENT_INTERVAL": "200ms"}
    found = read(*NEEDED, "--config", str(file), "--cluster", "flag", environ=environ)
    assert found.cluster == "flag"
    assert found.interval == 0.2
    assert found.report_interval == 5
    assert found.buffer == 7
    assert found.peer == (("b", "127.0.0.2:862"),)
    assert found.timeout == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("intervall = 1", r"intervall: unknown key; did you mean interval\?"),
        ("zzz = 1", "zzz: unknown key; known are: advertise, bind, "),
        ('interval = "soon"', "interval 'soon': a duration such as 500ms, 30s or 2m is wanted"),
        ("interval = 0", "interval '0': a duration"),
        ("interval = [1]", "interval: a text or number is wanted"),
        ('verbose = "yes"', "verbose: true or false is wanted"),
        ('peer = "b=127.0.0.2:1"', "peer: a list is wanted"),
        ("interval", "Expected '=' after a key"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, said: str):
    file = tmp_path / "agent.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=said) as caught:
        read(*NEEDED, "--config", str(file))
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (NEEDED[2:4] + NEEDED[:2], "--broker is needed"),
        (NEEDED[2:], "--node 'N_1': a node's name is a DNS subdomain"),
        ([*NEEDED, "--bind", "127.0.0.1"], "--bind '127.0.0.1': address: .* not of the form"),
        ([*NEEDED, "--bind", "0.0.0.0:862"], "--advertise is needed: nobody can probe 0.0.0.0"),
        ([*NEEDED, "--broker", "http://b"], "--broker 'http://b': mqtt://HOST"),
        ([*NEEDED, "--broker", "mqtt://u:p@b"], "name user and password with"),
        ([*NEEDED, "--broker-key", "k"], "--broker-certificate and --broker-key go together"),
        ([*NEEDED, "--report-interval", "500ms"], "must not be shorter than --interval"),
        ([*NEEDED, "--interval", "10ms", "--report-interval", "1h"], "4000 probes"),
        ([*NEEDED, "--once"], "--once needs --peer"),
        ([*NEEDED, "--config", "/nowhere/x.toml"], "--config /nowhere/x.toml: No such file"),
    ],
)
def test_a_wrong_flag_is_refused_with_the_remedy(flags: list[str], said: str):
    if "--node" not in flags:
        flags = ["--node", "N_1", *flags]
    with pytest.raises(SettingsError, match=said):
        read(*flags)


def test_unknown_variables_are_refused_but_not_those_of_a_service():
    service = {
        "NETCORE_AGENT_SERVICE_HOST": "10.0.0.1",
        "NETCORE_AGENT_PORT": "tcp://10.0.0.1:862",
        "NETCORE_AGENT_PORT_862_TCP_ADDR": "10.0.0.1",
    }
    assert read(*NEEDED, environ=service).node == "a"
    with pytest.raises(SettingsError, match="NETCORE_AGENT_NOD: unknown variable; did you mean"):
        read(*NEEDED, environ={"NETCORE_AGENT_NOD": "a"})
    with pytest.raises(SettingsError, match="NETCORE_AGENT_ONCE: true or false is wanted"):
        read(*NEEDED, environ={"NETCORE_AGENT_ONCE": "1"})


def test_durations():
    assert [duration(text) for text in ("500ms", "30s", "2m", "1h", "1.5")] == [
        0.5,
        30,
        120,
        3600,
        1.5,
    ]
    for wrong in ("", "0", "-1", "1d", "1e3", "nan"):
        with pytest.raises(ValueError, match="a duration such as"):
            duration(wrong)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "one of --broker and --embedded-broker is needed"),
        (["--broker", "mqtt://b", "--embedded-broker", "127.0.0.1:0"], "one of --broker and"),
        (["--broker", "mqtt://b", "--heartbeat", "200s"], "--heartbeat must be at most half"),
        (["--broker", "mqtt://b", "--topology", "x"], "NAMESPACE/NAME is wanted"),
        (["--broker", "mqtt://b", "--peers", "0"], "--peers '0': 1 to 512 is wanted"),
    ],
)
def test_wrong_options_of_the_aggregator(flags: list[str], said: str):
    with pytest.raises(SettingsError, match=said):
        read(*flags, settings=AggregatorSettings)
