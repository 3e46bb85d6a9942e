// Preselects the reader's own time zone in the subscribe form. Without this script they choose it by hand.
const select = document.querySelector('select[data-guess]');
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (select && zone) {
  if (![...select.options].some((option) => option.value === zone)) select.append(new Option(zone, zone));
  select.value = zone;
}
