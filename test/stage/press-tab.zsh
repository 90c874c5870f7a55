# zsh -f press-tab.zsh AUTOLOAD_FOLDER SCRIPT LINE...
# Types each line in an interactive zsh, presses Tab, and prints what the line has become, between [ and ]. Completions come from the folder
# (an autoloaded function, may be empty) or from the script (sourced, may be empty).
zmodload zsh/zpty
export FOLDER=$1 SCRIPT=$2
shift 2
zpty shell 'zsh -f -i'
# Nothing waits for a time: each step is over when the shell says so. The words are cut, so that their echo is not taken for them.
say() { zpty -w shell "$1; print step''-done"; zpty -r shell reply '*step-done*' }
say 'unset zle_bracketed_paste; PROMPT=; LISTMAX=1000; setopt no_beep; [ -z $FOLDER ] || fpath=($FOLDER $fpath)'
say 'autoload -Uz compinit; compinit -u -D; [ -z $SCRIPT ] || source $SCRIPT'
say 'show() { print -r -- "become[$BUFFER]"; BUFFER=; zle reset-prompt }; zle -N show; bindkey "^I" complete-word "^O" show'
for line in "$@"; do
  zpty -w -n shell "$line"$'\t\x0f'
  zpty -r shell reply '*become\[*\]*'
  print -r -- "[${${reply##*become\[}%%\]*}]"
done
zpty -d shell
