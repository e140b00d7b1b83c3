// The script of a run's report: starts the parts of the page.

import { startTheme } from "../../js/theme.js";
import { startDock } from "./dock.js";
import { startDoubts } from "./doubts.js";
import { startFloorPlan } from "./floor_plan.js";
import { startKeyboard } from "./keyboard.js";
import { startSearch } from "./search.js";
import { startTimeAxis } from "./time_axis.js";
import { startTooltip } from "./tooltip.js";

document.documentElement.classList.add("on"); // shows what needs a script
startTheme();
startTooltip();
startDock();
startDoubts();
startFloorPlan();
startKeyboard();
startTimeAxis();
startSearch();
