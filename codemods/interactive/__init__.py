"""`run --interactive`: a port decided place by place, by somebody at a terminal.

Nothing is written before the last answer. `proposals` lists the fixes that are not safe; `showing`
makes text of them; `asking` reads answers; `editing` opens an editor; `session` puts it together.
"""
