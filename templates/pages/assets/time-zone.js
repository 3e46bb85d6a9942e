// Preselects the reader's own time zone where a form asks for one, and says how many of the newest papers match the topics that are
// ticked. Without this script they choose by hand, and a button shows what they would get.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const field of document.querySelectorAll('[data-guess]')) {
  if (!zone) break;
  if (field.options && ![...field.options].some((option) => option.value === zone))
    field.append(new Option(zone, zone));
  field.value = zone;
}

const select = document.querySelector('select[data-guess]');
const shown = document.querySelector('[data-zone]');
const showZone = () => {
  shown.textContent = select.value.split('/').at(-1).replaceAll('_', ' ');
};
if (select && shown) {
  showZone();
  select.addEventListener('change', showZone);
}

const sample = document.querySelector('[data-sample]');
const topics = [...document.querySelectorAll('input[name="topics"][type="checkbox"]')];
let asked = 0;
const count = async () => {
  const chosen = topics.filter((topic) => topic.checked).map((topic) => ['topics', topic.value]);
  asked += 1;
  const question = asked;
  if (chosen.length === 0) {
    sample.textContent = sample.dataset.sample;
    return;
  }
  try {
    const answer = await fetch(`/sample?${new URLSearchParams(chosen)}`, { headers: { accept: 'application/json' } });
    const { text } = await answer.json();
    // A later answer may have come before.
    if (question === asked) sample.textContent = text;
  } catch {
    sample.textContent = '';
  }
};
let waiting;
if (sample)
  for (const topic of topics)
    topic.addEventListener('change', () => {
      clearTimeout(waiting);
      waiting = setTimeout(count, 250);
    });
