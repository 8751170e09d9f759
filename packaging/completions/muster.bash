# Completion of muster in bash; the program itself says what may follow. Belongs in /usr/share/bash-completion/completions/muster.
_muster() {
  local line=${COMP_LINE:0:COMP_POINT} words cur kept kind answer
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  cur=${words[-1]}
  COMPREPLY=()
  mapfile -t answer < <("$1" __complete "${words[@]:1}" 2>/dev/null)
  kind=${answer[0]}
  if [[ $kind == file ]]; then
    compopt -o filenames 2>/dev/null
    [[ $cur == --*=* ]] && cur=${cur#*=}
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    return
  fi
  [[ $kind == open ]] && compopt -o nospace 2>/dev/null
  # What bash takes for the word begins after the last of these, or with the last @; within quotes it is all of it.
  kept=
  if [[ $cur != [\'\"]* ]]; then
    kept=${cur%"${cur##*[=:\'\"]}"}
    cur=${cur#"$kept"}
    [[ $cur == *@* ]] && kept+=${cur%@*}
  fi
  answer=("${answer[@]:1}")
  answer=("${answer[@]%%$'\t'*}")
  COMPREPLY=("${answer[@]#"$kept"}")
}
complete -F _muster muster
