# SPDX-License-Identifier: Apache-2.0
# Completion of confbox(1) for bash.

_confbox_options() {
	confbox "$1" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p'
}

_confbox_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_confbox_files() {
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
	compopt -o filenames 2>/dev/null
}

_confbox() {
	local word=${COMP_WORDS[COMP_CWORD]}
	local before=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} i

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_confbox_words 'run build measure attest info scan policy verify send receive counter sign lab --help --version' "$word"
		return
	fi
	for ((i = 2; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			if ((i == COMP_CWORD - 1)); then
				mapfile -t COMPREPLY < <(compgen -c -f -- "$word")
			else
				_confbox_files "$word"
			fi
			return
		fi
	done
	case $before in
	--memory)
		_confbox_words '64M 256M 1G 4G' "$word"
		;;
	--epoch)
		_confbox_words 'now' "$word"
		;;
	--text)
		_confbox_words 'execute-only' "$word"
		;;
	--rewrite)
		_confbox_words 'often first never' "$word"
		;;
	--clock)
		_confbox_words 'fixed' "$word"
		;;
	--features)
		_confbox_words 'basic avx avx512 counter' "$word"
		;;
	--env | --timeout | --cpus | --warm) ;;
	*)
		if [[ $word == -* ]]; then
			_confbox_words "$(_confbox_options "$command") --" "$word"
		else
			_confbox_files "$word"
		fi
		;;
	esac
}

complete -F _confbox confbox
