// Works out the task of a form that asks for one, and sends the form: a second or two. Without this script people are told when to come back.
import { deriveKey } from '/assets/altcha/algorithms/web/pbkdf2.js';
import { solveChallenge } from '/assets/altcha/pow.js';

const form = document.querySelector('form[data-challenge]');
const say = (text) => {
  form.querySelector('[role="status"]').textContent = text;
};
if (form && globalThis.crypto?.subtle) {
  say(form.dataset.working);
  const challenge = JSON.parse(form.dataset.challenge);
  const solution = await solveChallenge({ challenge, deriveKey });
  if (solution) {
    form.elements.namedItem('altcha').value = btoa(JSON.stringify({ challenge, solution }));
    form.submit();
  } else {
    say(form.dataset.tooLong);
  }
}
