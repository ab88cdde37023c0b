"""One profile: which plugins run at which point, in which order, with which weight.

Follows kube-scheduler's `mergePlugins` (defaults under the profile's own sets) and
`expandMultiPointPlugins` (multiPoint under the point's own set): at a point run first the plugins
that both name, then those of multiPoint alone, then those of the point alone.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from netcore_scheduler.config._decode import Reader
from netcore_scheduler.config._errors import ConfigurationError, invalid
from netcore_scheduler.config._plugins import (
    BIND,
    DEFAULT_MULTI_POINT,
    FILTER,
    PLUGINS,
    POINTS,
    QUEUE_SORT,
    SCORE,
)

_ALL: Final = "*"
# What a plugin works out ahead belongs to its filter or score in the engine.
_PREPARATION: Final = {"preFilter": FILTER, "preScore": SCORE}
_LARGEST_WEIGHT: Final = 2**31 - 1


@dataclass(slots=True)
class PluginSet:
    """Enabled plugins with their weights, in order, and names of disabled ones."""

    enabled: dict[str, int] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)


def decode_plugin_sets(reader: Reader) -> dict[str, PluginSet]:
    """Read `plugins` of a profile: point, or `multiPoint`, → its set.

    Raises:
        ConfigurationError: An unknown point or plugin, a plugin named twice.
    """
    sets = {}
    for point in (*POINTS, "multiPoint"):
        sets[point] = _plugin_set(reader.child(point), point)
    reader.finish()
    return sets


def resolve(
    sets: dict[str, PluginSet], arguments: dict[str, Any], *, path: str
) -> tuple[dict[str, Any], list[str]]:
    """Decide what runs.

    Args:
        sets: The profile's own plugin sets.
        arguments: Plugin name → arguments.
        path: The profile's path, for messages.

    Returns:
        `queueSort`, `filters` and `scores` of the engine's normalised form, and warnings.

    Raises:
        ConfigurationError: More than one queue sort.
    """
    multi = _merge_with_defaults(sets)
    plan = {point: _expand(point, sets[point], multi) for point in POINTS}
    warnings = _warnings(plan, sets, path=path)
    sorts = [name for name in plan[QUEUE_SORT] if PLUGINS[name].exists]
    if len(sorts) > 1:
        raise ConfigurationError(
            f"{path}: one queue sort plugin is needed, not {len(sorts)} ({', '.join(sorts)}): "
            'disable the others, or "*", under plugins.queueSort.disabled'
        )
    if not sorts:
        sorts = ["PrioritySort"]
        warnings.append(f"{path}: no queue sort plugin is enabled; PrioritySort is taken")
    if not plan[BIND]:
        warnings.append(f"{path}: no bind plugin is enabled; DefaultBinder is taken")
    resolved = {
        "queueSort": {"name": sorts[0], "args": arguments.get(sorts[0], {})},
        "filters": [
            {"name": name, "args": arguments.get(name, {})}
            for name in plan[FILTER]
            if PLUGINS[name].exists
        ],
        "scores": [
            {"name": name, "weight": _weight(name, sets, multi), "args": arguments.get(name, {})}
            for name in plan[SCORE]
            if PLUGINS[name].exists
        ],
    }
    return resolved, warnings


def known_plugin(name: str, path: str) -> str:
    """Check a plugin's name.

    Raises:
        ConfigurationError: Nobody has such a plugin.
    """
    if name not in PLUGINS:
        near = difflib.get_close_matches(name, PLUGINS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ConfigurationError(f"{path}: unknown plugin {name!r}{hint}")
    return name


def _plugin_set(reader: Reader, point: str) -> PluginSet:
    result = PluginSet()
    for entry in reader.children("enabled"):
        name = known_plugin(entry.text("name"), entry.at("name"))
        if name in result.enabled:
            raise ConfigurationError(f"{entry.at('name')}: {name} is enabled twice")
        if point != "multiPoint" and point not in PLUGINS[name].points:
            raise ConfigurationError(f"{entry.at('name')}: {name} does not take part in {point}")
        result.enabled[name] = _decode_weight(entry)
        entry.finish()
    for entry in reader.children("disabled"):
        name = entry.text("name")
        result.disabled.add(name if name == _ALL else known_plugin(name, entry.at("name")))
        _decode_weight(entry)
        entry.finish()
    reader.finish()
    return result


def _decode_weight(entry: Reader) -> int:
    weight = entry.integer("weight", 0)
    if not 0 <= weight <= _LARGEST_WEIGHT:
        raise invalid(entry.at("weight"), weight, f"not in valid range [0, {_LARGEST_WEIGHT}]")
    return weight


def _merge_with_defaults(sets: dict[str, PluginSet]) -> dict[str, int]:
    """The multiPoint set: defaults less the disabled, replaced in place, then the profile's own."""
    own = sets["multiPoint"]
    named = {name for chosen in sets.values() for name in chosen.enabled}
    stepped_back = {
        default for name in named for default in PLUGINS[name].replaces if default not in named
    }
    if any(QUEUE_SORT in PLUGINS[name].points for name in named):
        stepped_back |= {"AppGroupSort"} - named
    merged: dict[str, int] = {}
    if _ALL not in own.disabled:
        for name, weight in DEFAULT_MULTI_POINT:
            if name not in own.disabled and name not in stepped_back:
                merged[name] = own.enabled.get(name, weight)
    for name, weight in own.enabled.items():
        merged.setdefault(name, weight)
    return merged


def _expand(point: str, own: PluginSet, multi: dict[str, int]) -> list[str]:
    """Plugins of one point, in the order in which they run."""
    from_multi = (
        []
        if _ALL in own.disabled
        else [name for name in multi if point in PLUGINS[name].points and name not in own.disabled]
    )
    both = [name for name in own.enabled if name in from_multi]
    multi_alone = [name for name in from_multi if name not in own.enabled]
    point_alone = [name for name in own.enabled if name not in from_multi]
    return [*both, *multi_alone, *point_alone]


def _weight(name: str, sets: dict[str, PluginSet], multi: dict[str, int]) -> int:
    """The point's own weight, else that of multiPoint; none given is 1."""
    return sets[SCORE].enabled.get(name) or multi.get(name) or 1


def _warnings(plan: dict[str, list[str]], sets: dict[str, PluginSet], *, path: str) -> list[str]:
    """What upstream would do with the profile and netcore does not."""
    warnings = []
    running = {name for names in plan.values() for name in names}
    missing = [name for name in PLUGINS if name in running and not PLUGINS[name].exists]
    if missing:
        warnings.append(f"{path}: left out, since netcore does not have them yet: {_list(missing)}")
    for point, main in _PREPARATION.items():
        apart = set(plan[main]).difference(plan[point])
        kept = [name for name in plan[main] if name in apart and point in PLUGINS[name].points]
        if kept and sets[point].disabled:
            warnings.append(
                f"{path}.plugins.{point}: {_list(kept)} cannot do without it: it stays with {main}"
            )
    warnings += [
        f"{path}.plugins.{point}: netcore has no plugin to run there yet"
        for point in ("reserve", "permit", "preBind", "postBind")
        if sets[point].disabled or sets[point].enabled
    ]
    return warnings


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
