"""English verbs whose past has another stem than the verb: "kept", "keep". Pure."""

from __future__ import annotations

from ingest.words import stem

_VERBS = (
    "become became,begin began begun,break broke broken,bring brought,build built,buy bought,catch caught,"
    "choose chose chosen,come came,cost,cut,deal dealt,draw drew drawn,drive drove driven,fall fell fallen,feel felt,"
    "fight fought,find found,forget forgot forgotten,get got gotten,give gave given,go went gone,grow grew grown,"
    "hear heard,hold held,keep kept,know knew known,lead led,leave left,lend lent,lose lost,make made,mean meant,"
    "meet met,pay paid,rise rose risen,run ran,say said,see saw seen,seek sought,sell sold,send sent,show shown,"
    "shrink shrank shrunk,speak spoke spoken,spend spent,stand stood,steal stole stolen,take took taken,"
    "teach taught,tell told,think thought,throw threw thrown,understand understood,wear wore worn,win won,"
    "write wrote written"
)
_FORMS = {
    form: forms
    for forms in (frozenset(map(stem, verb.split())) for verb in _VERBS.split(","))
    if len(forms) > 1
    for form in forms
}


def forms_of(term: str) -> frozenset[str]:
    """The stems of one verb; none for a word that is no such verb.

    >>> sorted(forms_of("kept")), sorted(forms_of("weld"))
    (['keep', 'kept'], [])
    """
    return _FORMS.get(term, frozenset())
