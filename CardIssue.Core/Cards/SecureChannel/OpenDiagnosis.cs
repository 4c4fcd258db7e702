namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>Why a secure channel could not be opened. None of them allows EXTERNAL AUTHENTICATE to be sent.</summary>
public enum OpenDiagnosis
{
    /// <summary>The card answered INITIALIZE UPDATE with an error status word.</summary>
    CardRefused,
    /// <summary>The card has no keys of that version (6A88), or answered with keys of another one.</summary>
    UnknownKeyVersion,
    /// <summary>The card speaks another secure channel protocol.</summary>
    NotScp03,
    /// <summary>The answer has no form that the protocol knows.</summary>
    MalformedResponse,
    /// <summary>The card speaks the protocol in a way that is not supported here: S16 mode.</summary>
    UnsupportedMode,
    /// <summary>The card can't protect its responses as the level asks: its parameter "i" says so (Amendment D table 5-1).</summary>
    LevelNotSupported,
    /// <summary>The card's keys are not these. Never try again with these keys: the card counts, and locks for good.</summary>
    WrongCryptogram,
}
