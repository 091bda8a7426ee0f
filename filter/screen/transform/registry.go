package transform

// Two functions overlook changes. htmlEntityDecode compares the lengths, and "&nLl;"
// is as long as the two runes that it stands for; removeWhitespace counts the white space
// that it drops, not the invalid UTF-8 that it replaces.
var byName = index(
	&Transformation{Name: "base64decode", On: NonEmpty, Apply: base64Decode},
	&Transformation{Name: "base64decodeext", On: NonEmpty, Apply: base64DecodeExt},
	&Transformation{Name: "base64encode", On: NonEmpty, Apply: base64Encode},
	&Transformation{Name: "cmdline", On: Upper | Backslash | Break | ShellMark | SpaceRun | SpaceSlash | SpaceParen, Apply: cmdLine, tidies: true},
	&Transformation{Name: "compresswhitespace", On: SpaceRun | Break | Feed | High, Apply: compressWhitespace, tidies: true},
	&Transformation{Name: "cssdecode", On: Backslash, Apply: cssDecode},
	&Transformation{Name: "escapeseqdecode", On: Backslash, Apply: escapeSeqDecode},
	&Transformation{Name: "hexdecode", On: HexPairs, Apply: hexDecode},
	&Transformation{Name: "hexencode", On: NonEmpty, Apply: hexEncode},
	&Transformation{Name: "htmlentitydecode", On: Entity, Apply: htmlEntityDecode, overlooks: true},
	&Transformation{Name: "jsdecode", On: Backslash, Apply: jsDecode},
	&Transformation{Name: "length", On: Any, Apply: length},
	&Transformation{Name: "lowercase", On: Upper | High, Apply: lowercase, tidies: true},
	&Transformation{Name: "md5", On: Any, Apply: md5Sum},
	&Transformation{Name: "none", Apply: func(v string) string { return v }},
	&Transformation{Name: "normalizepath", On: onPath, Apply: normalizePath},
	&Transformation{Name: "normalizepathwin", On: onPathWin, Apply: normalizePathWin},
	&Transformation{Name: "removecomments", On: CommentOpen | DashDash | Hash, Apply: removeComments},
	&Transformation{Name: "removecommentschar", On: CommentOpen | CommentClose | DashDash | Hash, Apply: removeCommentsChar, tidies: true},
	&Transformation{Name: "removenulls", On: NUL, Apply: removeNulls, tidies: true},
	&Transformation{Name: "removewhitespace", On: Space | Break | Feed | High, Apply: removeWhitespace, tidies: true, overlooks: true},
	&Transformation{Name: "replacecomments", On: CommentOpen, Apply: replaceComments, tidies: true},
	&Transformation{Name: "replacenulls", On: NUL, Apply: replaceNulls, tidies: true},
	&Transformation{Name: "sha1", On: Any, Apply: sha1Sum},
	&Transformation{Name: "trim", On: SpaceFirst | SpaceLast, Apply: trim, tidies: true},
	&Transformation{Name: "trimleft", On: SpaceFirst, Apply: trimLeft, tidies: true},
	&Transformation{Name: "trimright", On: SpaceLast, Apply: trimRight, tidies: true},
	&Transformation{Name: "uppercase", On: Lower | High, Apply: uppercase, tidies: true},
	&Transformation{Name: "urldecode", On: Plus | Percent, Apply: urlDecode},
	&Transformation{Name: "urldecodeuni", On: Plus | Percent, Apply: urlDecodeUni},
	&Transformation{Name: "urlencode", On: NotAlnum, Apply: urlEncode},
	&Transformation{Name: "utf8tounicode", On: High, Apply: utf8ToUnicode},
)

func index(all ...*Transformation) map[string]*Transformation {
	m := make(map[string]*Transformation, len(all)+2)
	for _, t := range all {
		m[t.Name] = t
	}
	m["normalisepath"] = m["normalizepath"]
	m["normalisepathwin"] = m["normalizepathwin"]
	return m
}
