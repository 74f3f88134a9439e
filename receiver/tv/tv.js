/*
 * The television's page: shows the poll that is open, takes a number key, and says what became of it.
 * ES5, since sets of 2012 run it. Addresses: ?show=ID, and &edge=URL for each edge (default: where the page came from).
 *
 * A press is kept before it is sent, and keeps its number until an edge has answered: so a retry, here or at another
 * edge, is no second vote.
 */
(function () {
  "use strict";

  var REQUEST_TIMEOUT_MS = 4000;
  var FIRST_RETRY_MS = 500;
  var LONGEST_RETRY_MS = 8000;
  /* A token is renewed in its last half day; a new one would make this set another receiver, that votes again. */
  var RENEW_MS = 12 * 3600 * 1000;

  var show = param("show")[0] || "talent-final";
  var edges = param("edge");
  var edge = 0;
  var failures = 0;
  var poll = null;
  var token = load("token");
  var waiting = [];
  var votes = load("votes-" + show) || {};
  var sending = false;
  if (edges.length === 0) edges = [location.protocol + "//" + location.host];

  function param(name) {
    var values = [];
    var pairs = location.search.slice(1).split("&");
    for (var i = 0; i < pairs.length; i++) {
      var pair = pairs[i].split("=");
      if (pair[0] === name && pair[1]) values.push(decodeURIComponent(pair[1]));
    }
    return values;
  }

  /** What task returns, or null where it throws: storage is full or forbidden, an answer is no JSON. */
  function attempt(task) {
    try {
      return task();
      // oxlint-disable-next-line no-unused-vars -- ES5 has no catch without a name
    } catch (error) {
      return null;
    }
  }

  /* Without storage this page remembers nothing over a restart, and an edge tells it the known press (409). */
  function load(key) {
    return attempt(function () {
      return JSON.parse(localStorage.getItem("redbutton-" + key));
    });
  }

  function keep(key, value) {
    attempt(function () {
      localStorage.setItem("redbutton-" + key, JSON.stringify(value));
    });
  }

  /** Calls done(status, body); status 0 where no edge answered. */
  function request(method, path, body, bearer, done) {
    var xhr = new XMLHttpRequest();
    xhr.open(method, edges[edge] + path, true);
    xhr.timeout = REQUEST_TIMEOUT_MS;
    if (bearer) xhr.setRequestHeader("Authorization", "Bearer " + bearer);
    if (body) xhr.setRequestHeader("Content-Type", "application/json");
    xhr.onloadend = function () {
      var parsed = attempt(function () {
        return JSON.parse(xhr.responseText);
      });
      var answer = parsed || {};
      if (xhr.status === 0 || xhr.status >= 500) fail();
      else failures = 0;
      done(xhr.status, answer, Number(xhr.getResponseHeader("Retry-After")) || answer.retry_after_s || 0);
    };
    xhr.send(body ? JSON.stringify(body) : null);
  }

  /** After two failures in a row the next edge is asked. */
  function fail() {
    failures += 1;
    if (failures % 2 === 0) edge = (edge + 1) % edges.length;
  }

  /** Full jitter: an audience that was refused together does not come back together. */
  function pause(tries, retryAfterS) {
    return retryAfterS * 1000 + Math.random() * Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * Math.pow(2, tries));
  }

  /* Calls done(token). All wait for one: two tokens would be two receivers. */
  function withToken(done) {
    if (token) return done(token.token);
    waiting.push(done);
    if (waiting.length === 1) getToken();
  }

  function getToken() {
    request("POST", "/v1/receivers", null, null, function (status, body, retryAfterS) {
      if (status !== 201) return setTimeout(getToken, pause(failures, retryAfterS));
      keepToken(body);
      var served = waiting;
      waiting = [];
      for (var i = 0; i < served.length; i++) served[i](body.token);
    });
  }

  /* By the edge's time: a set's own clock may be years off. The old token in hand, the new one is for the same receiver. */
  function renew(time) {
    if (!token || time < token.expires_at - RENEW_MS) return;
    request("POST", "/v1/receivers", null, token.token, function (status, body) {
      if (status === 201) keepToken(body);
    });
  }

  function keepToken(kept) {
    token = kept;
    keep("token", kept);
  }

  function say(text) {
    document.getElementById("status").textContent = text;
  }

  function element(name, text) {
    var made = document.createElement(name);
    made.textContent = text;
    return made;
  }

  /** The poll that is open; else the one that was on last. */
  function current(polls) {
    var last = null;
    for (var i = 0; i < polls.length; i++) {
      if (polls[i].state === "open" || polls[i].state === "closing") return polls[i];
      if (polls[i].state !== "draft" && polls[i].state !== "void") last = polls[i];
    }
    return last;
  }

  function isOpen() {
    return poll !== null && (poll.state === "open" || poll.state === "closing");
  }

  function draw() {
    document.getElementById("question").textContent = poll ? poll.question : "Nothing to vote on yet";
    var list = document.getElementById("options");
    list.textContent = "";
    for (var i = 0; poll && i < poll.options.length && i < 9; i++) {
      var option = poll.options[i];
      var item = element("li", "");
      var vote = votes[poll.id];
      item.appendChild(element("b", String(i + 1)));
      item.appendChild(document.createTextNode(option.text));
      if (vote && vote.option === option.id) item.className = "chosen";
      if (poll.counts) item.appendChild(element("span", String(poll.counts[i].anonymous + poll.counts[i].signed)));
      list.appendChild(item);
    }
    if (poll && !sending) say(situation());
  }

  function situation() {
    var vote = votes[poll.id];
    var said =
      vote && vote.receipt ? "counted · " + vote.receipt : vote && vote.problem ? "not counted: " + vote.problem : "";
    if (isOpen()) return said || "Press a number";
    return poll.state === "armed" ? "The vote opens soon" : said || "The vote is closed";
  }

  function refresh() {
    withToken(function (bearer) {
      request("GET", "/v1/shows/" + show + "/content", null, bearer, function (status, body, retryAfterS) {
        var next = pause(failures, retryAfterS);
        if (status === 200) {
          next = body.next_poll_ms;
          document.getElementById("show").textContent = body.show.title;
          poll = current(body.polls);
          draw();
          renew(body.time);
        } else if (status === 401) keepToken(null);
        else if (!sending) say(body.detail || "No connection: trying again");
        setTimeout(refresh, next);
      });
    });
  }

  function press(option) {
    var known = votes[poll.id];
    if (known && known.option === option.id && known.receipt) return;
    votes[poll.id] = { option: option.id, press: (known ? known.press : 0) + 1 };
    keep("votes-" + show, votes);
    send(poll.id, 0);
  }

  /** Sends the newest choice, until an edge has said yes or no to it. */
  function send(id, tries) {
    var vote = votes[id];
    // A later press has taken this one's place, and was answered.
    if (vote.receipt || vote.problem) return;
    sending = true;
    draw();
    say("sending …");
    withToken(function (bearer) {
      var body = { option: vote.option, press: vote.press };
      request("POST", ballotsOf(id), body, bearer, function (status, answer, retryAfterS) {
        if (votes[id] !== vote) return;
        if (status === 202) return settle(id, vote, "receipt", answer.code);
        if (status === 0 || status >= 500) vote.unsure = true;
        if (status === 401) keepToken(null);
        if (status === 409 && answer.known_press >= vote.press && answer.code !== "already_voted")
          vote.press = answer.known_press + 1;
        else if (status >= 400 && status < 500 && status !== 401 && status !== 429)
          return refused(id, vote, answer.title || "error " + status);
        keep("votes-" + show, votes);
        setTimeout(send, pause(tries, retryAfterS), id, tries + 1);
      });
    });
  }

  function ballotsOf(id) {
    return "/v1/shows/" + show + "/polls/" + id + "/ballots";
  }

  /* Where an earlier try had no answer, it may have counted all the same: an edge is asked before this says no. */
  function refused(id, vote, why) {
    if (!vote.unsure) return settle(id, vote, "problem", why);
    withToken(function (bearer) {
      request("GET", ballotsOf(id) + "/mine", null, bearer, function (status, body, retryAfterS) {
        if (votes[id] !== vote) return;
        if (status !== 200) return setTimeout(refused, pause(failures, retryAfterS), id, vote, why);
        for (var i = 0; i < body.ballots.length; i++)
          if (body.ballots[i].press === vote.press && body.ballots[i].option === vote.option)
            return settle(id, vote, "receipt", "receipt lost");
        settle(id, vote, "problem", why + " (as far as this edge knows)");
      });
    });
  }

  function settle(id, vote, what, text) {
    vote[what] = text;
    keep("votes-" + show, votes);
    sending = false;
    draw();
  }

  document.addEventListener("keydown", function (event) {
    var digit = event.keyCode >= 96 && event.keyCode <= 105 ? event.keyCode - 96 : event.keyCode - 48;
    if (!isOpen() || digit < 1 || digit > Math.min(9, poll.options.length)) return;
    press(poll.options[digit - 1]);
  });

  /* What was pressed before the set was switched off is sent now. */
  for (var id in votes) {
    if (votes[id].receipt || votes[id].problem) continue;
    votes[id].unsure = true;
    send(id, 0);
  }
  refresh();
})();
