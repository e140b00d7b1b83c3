// Values as text, as the Python modules report/times.py and report/run/link_text.py write them.

const twoDigits = (number) => String(number).padStart(2, "0");

/**
 * A time as m:ss or h:mm:ss, with decimals of the second; negative times carry a minus sign.
 *
 * @param {number} time_s
 * @param {number} decimals
 */
export function formatTime(time_s, decimals) {
  const unit = 10 ** decimals;
  const total = Math.round(Math.abs(time_s) * unit);
  const seconds = Math.floor(total / unit);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const sign = time_s < 0 && total ? "−" : "";
  const start = hours ? `${hours}:${twoDigits(minutes)}` : `${minutes}`;
  const fraction = decimals ? "." + String(total % unit).padStart(decimals, "0") : "";
  return `${sign}${start}:${twoDigits(seconds % 60)}${fraction}`;
}

/**
 * A moment as clocks showed it, as DayClock in report/times.py: hh:mm:ss, of an hour that comes twice with the zone.
 * -1 decimals are hh:mm.
 *
 * @param {[number, number, string][]} shifts From which second on, how many seconds clocks are ahead, and the zone.
 * @param {number} time_s
 * @param {number} decimals
 */
export function formatClock(shifts, time_s, decimals) {
  const [, shift, zone] = shifts.reduce((last, next) => (next[0] <= time_s ? next : last));
  const twice = shifts.slice(1).some(([begin, after], index) => {
    const back = shifts[index][1] - after;
    return time_s >= begin - back && time_s < begin + back;
  });
  const unit = 10 ** Math.max(0, decimals);
  const total = Math.round((time_s + shift) * unit);
  const seconds = Math.floor(total / unit);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(twoDigits);
  const fraction = decimals > 0 ? "." + String(total % unit).padStart(decimals, "0") : "";
  return `${parts.slice(0, decimals < 0 ? 2 : 3).join(":")}${fraction}${twice ? ` ${zone}` : ""}`;
}

/**
 * A probability as a percentage that is never 0 or 100, which nobody can know.
 *
 * @param {number} probability
 */
export function formatPercent(probability) {
  if (probability > 0.99) return "> 99%";
  return probability < 0.01 ? "< 1%" : `${Math.round(probability * 100)}%`;
}

/** @param {string} text */
export const capitalise = (text) => text[0].toUpperCase() + text.slice(1);
