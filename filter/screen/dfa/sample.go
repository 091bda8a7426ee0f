package dfa

import "strings"

// sampleValues are kinds of text that innocent requests and pages have.
func sampleValues(yield func(string) bool) {
	for v := range strings.SplitSeq(strings.TrimSpace(sample), "\n") {
		if !yield(v) {
			return
		}
	}
}

// sampleRunes are its runes, one by one.
func sampleRunes(yield func(string) bool) {
	for _, r := range sample {
		if !yield(string(r)) {
			return
		}
	}
}

const sample = `
Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0
Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1
text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8
gzip, deflate, br, zstd
en-GB,en;q=0.7,de;q=0.3
"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"
max-age=0, no-cache, must-revalidate
https://www.example.com/products/list?category=garden&page=2&sort=price_asc
/static/js/main.4f2c81b9.chunk.js
session=8c1f0e5a2b7d4963; theme=dark; _ga=GA1.2.1094837261.1763900000; consent=yes
eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiIsIm5hbWUiOiJKYW5lIn0.dGhpcyBpcyBhIHNpZ25hdHVyZQ
W/"5f3e-18c2a7b9d40"
2026-03-14T09:26:53.589Z
4a1c7e52-93bd-4f0e-8d26-7be105c9a3f8
jane.doe@example.org
+44 20 7946 0958
Jane O'Connor
12 Rue de l'Église, 75011 Paris
application/json; charset=utf-8
The delivery came two days late, and one of the plates was broken. Could you send a new one, please?
We selected the best hotels for a union of friends; order by Friday and get 10% off where you like!
Meeting notes: (1) budget for 2027 - approve; (2) hire 3 engineers; (3) "Project Blue" -> next quarter...
Is it possible to update or delete my account? I can't find the table of settings, and/or the drop-down menu.
# Getting started: run the command line tool, then open the file config.yaml and set name = value
{"id":1042,"name":"Garden chair","price":49.9,"tags":["outdoor","wood"],"stock":{"berlin":3,"paris":0},"active":true}
[{"type":"event","at":1763900000123,"user":"u-77","path":"/home"},{"type":"click","x":512,"y":384,"target":"#menu > li"}]
<div class="card"><a href="/item/17" title="Details">Lamp &amp; shade</a><p style="color: #333">From 20 EUR</p></div>
<script>window.dataLayer = window.dataLayer || []; function track(a){dataLayer.push(a);} track({page: "home"});</script>
.header { margin: 0 auto; background: url("/img/logo.png") no-repeat; }
if (user.age >= 18 && user.country == "DE") { return price * 1.19; } else { return price; }
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/css/site.css">
9780306406157
true
status
https://cdn.example.net/a/b/c/image-large_1200x800.webp?v=3&sig=YWJj%2BZGVm
`
