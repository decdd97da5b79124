"""python -m neckfrac_training train|export|plan|curves ..."""

import argparse
import dataclasses
import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path

from .data import PreparedError
from .recipe import MachineError, RecipeError, WeightsError, load_recipe, recipe_to_dict

NETWORKS = ("segmenter", "slices", "sequence")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("neckfrac_training", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)

    train = verbs.add_parser("train", help="prepared arrays -> weights")
    train.add_argument("network", choices=[*NETWORKS, "all"])
    train.add_argument("--recipe", default="compact", help="a name in recipes/ or a .toml file")
    train.add_argument("--data", required=True, type=Path, help="folder of `neckfrac prepare`")
    train.add_argument("--out", required=True, type=Path, help="folder of the run, shared by the networks")
    train.add_argument("--minutes", type=float, help="instead of the recipe's")
    train.add_argument(
        "--minutes-scale", type=float, default=1.0, help="times the recipe's minutes or epochs"
    )
    train.add_argument("--threads", type=int, help="instead of the recipe's")
    train.add_argument("--fold", type=int, help="instead of the recipe's")
    train.add_argument("--seed", type=int, help="instead of the recipe's")
    train.add_argument("--device", default="", choices=["", "cpu"], help="cpu: leave a GPU alone")
    train.add_argument("--resume", action="store_true", help="continue from RUN/NETWORK/last.pt")

    export = verbs.add_parser("export", help="weights -> ONNX, parity fixtures, manifest.json")
    export.add_argument("--run", required=True, type=Path)
    export.add_argument("--bundle", required=True, type=Path)
    export.add_argument("--name", required=True)
    export.add_argument("--version", required=True)
    export.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    export.add_argument("--half", action="store_true", help="store weights as float16, compute in float32")

    plan = verbs.add_parser("plan", help="a recipe as JSON, and its speed on this machine")
    plan.add_argument("--recipe", default="compact")
    plan.add_argument("--data", required=True, type=Path)
    plan.add_argument("--device", default="", choices=["", "cpu"])
    plan.add_argument(
        "--seconds", type=float, default=0.0, help="measure each network for so long; 0: do not"
    )

    curves = verbs.add_parser("curves", help="logs -> pictures and a page that shows them")
    curves.add_argument("--run", required=True, type=Path, help="folder of `neckfrac train`, or of a run")
    curves.add_argument("--title", default="", help="headline of the page")

    options = parser.parse_args(arguments)
    end_with_parent()
    verbs = {"train": run_train, "export": run_export, "plan": run_plan, "curves": run_curves}
    try:
        return verbs[options.verb](options)
    except (MachineError, RecipeError, PreparedError, WeightsError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, MachineError | RecipeError | WeightsError) else 1
    except Exception:
        traceback.print_exc()
        return 3


def end_with_parent():
    """Ends this process when the command that started it is gone, however that was killed: a second attempt
    must not meet the first one in the same folder."""
    parent = os.environ.get("NECKFRAC_PARENT_PID")
    if not parent or os.name != "posix":
        return

    def watch():
        while True:
            time.sleep(0.5)
            try:
                os.kill(int(parent), 0)
            except ProcessLookupError:
                os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def run_train(options) -> int:
    from .run import train_network

    recipe = load_recipe(options.recipe)
    changed = {k: getattr(options, k) for k in ("threads", "fold", "seed") if getattr(options, k) is not None}
    recipe = dataclasses.replace(recipe, **changed)
    for network in NETWORKS if options.network == "all" else (options.network,):
        if options.minutes_scale != 1:
            own = scale(getattr(recipe, network), options.minutes_scale)
            recipe = dataclasses.replace(recipe, **{network: own})
        if options.minutes is not None:
            own = shorten(getattr(recipe, network), options.minutes)
            recipe = dataclasses.replace(recipe, **{network: own})
        train_network(network, recipe, options.data, options.out, options.resume, options.device)
    return 0


def shorten(own, minutes: float):
    """The network's recipe with another budget; the stages before the end-to-end one keep their shares."""
    stages = {}
    for name in ("feature_minutes", "head_minutes"):
        if own.minutes and getattr(own, name, 0):
            stages[name] = getattr(own, name) * minutes / own.minutes
    return dataclasses.replace(own, minutes=minutes, **stages)


def scale(own, factor: float):
    """The network's recipe with its time multiplied, or its epochs where it has no time limit."""
    if own.minutes:
        return shorten(own, own.minutes * factor)
    return dataclasses.replace(own, epochs=max(1, round(own.epochs * factor)))


def run_export(options) -> int:
    from .export import export_bundle

    networks = tuple(options.networks)
    for line in export_bundle(
        options.run, options.bundle, options.name, options.version, options.half, networks
    ):
        print(line)
    return 0


def run_plan(options) -> int:
    recipe = load_recipe(options.recipe)
    found = {"recipe": recipe_to_dict(recipe)}
    if options.seconds:
        from .speed import measure_machine

        found["machine"] = measure_machine(recipe, options.data, options.device, options.seconds)
    print(json.dumps(found))
    return 0


def run_curves(options) -> int:
    from .curves import write_curves

    print(write_curves(options.run, options.title))
    return 0


if __name__ == "__main__":
    sys.exit(main())
