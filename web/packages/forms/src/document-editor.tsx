import { yaml } from "@codemirror/lang-yaml";
import { defaultHighlightStyle, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { styleNonce } from "@perennial/ui/provider";
import { basicSetup } from "codemirror";
import { useEffect, useRef } from "react";

import classes from "./document-editor.module.css";
import { lineOf } from "./line-of";

export interface Flaw {
  /** Where, as in `earning_rules[base].points`. */
  path: string;
  words: string;
}

export interface DocumentEditorProps {
  label: string;
  value: string;
  flaws: readonly Flaw[];
  readOnly?: boolean;
  onChange: (value: string) => void;
}

const highlight = HighlightStyle.define([
  { tag: tags.propertyName, class: classes.name },
  { tag: tags.comment, class: classes.comment },
  { tag: [tags.string, tags.content], class: classes.text },
  { tag: [tags.number, tags.bool, tags.null], class: classes.scalar },
]);

/** A document as text, with its problems beside the lines that they are in. */
export default function DocumentEditor({ label, value, flaws, readOnly = false, onChange }: DocumentEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const tell = useRef(onChange);
  const first = useRef(value);
  useEffect(() => {
    tell.current = onChange;
  }, [onChange]);
  useEffect(() => {
    if (place.current === null) return;
    const created = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          EditorView.cspNonce.of(styleNonce()),
          basicSetup,
          yaml(),
          syntaxHighlighting(highlight),
          syntaxHighlighting(defaultHighlightStyle, { fallback: true }),
          EditorView.lineWrapping,
          EditorState.readOnly.of(readOnly),
          EditorView.contentAttributes.of({ tabindex: "0", "aria-label": label, dir: "ltr" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) tell.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = created;
    return () => {
      created.destroy();
    };
  }, [label, readOnly]);
  useEffect(() => {
    const shown = view.current;
    if (shown === null || shown.state.doc.toString() === value) return;
    shown.dispatch({ changes: { from: 0, to: shown.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    const shown = view.current;
    if (shown === null) return;
    const { doc } = shown.state;
    const diagnostics = flaws.map((flaw): Diagnostic => {
      const line = doc.line(Math.min(lineOf(doc.toString(), flaw.path), doc.lines));
      return { from: line.from, to: line.to, severity: "error", message: flaw.words };
    });
    shown.dispatch(setDiagnostics(shown.state, diagnostics));
  }, [flaws]);
  return <div ref={place} className={classes.editor} dir="ltr" />;
}
