namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>Why a secure channel could not be opened. None of them allows EXTERNAL AUTHENTICATE to be sent.</summary>
public enum OpenDiagnosis
{
    /// <summary>The card answered INITIALIZE UPDATE with an error status word.</summary>
    CardRefused,
    /// <summary>The card has no keys of that version (6A88), or answered with keys of another one.</summary>
    UnknownKeyVersion,
    /// <summary>The card speaks another secure channel protocol than the keys are for.</summary>
    OtherProtocol,
    /// <summary>The answer has no form that the protocol knows.</summary>
    MalformedResponse,
    /// <summary>The card speaks the protocol in another way than was expected, or in one that is not supported here.</summary>
    UnsupportedMode,
    /// <summary>How the card speaks SCP02 is known from nothing.</summary>
    UnknownOptions,
    /// <summary>The card can't protect its responses as the level asks: its parameter "i" says so (GPCS table E-1, Amendment D table 5-1).</summary>
    LevelNotSupported,
    /// <summary>The card's keys are not these. Never try again with these keys: the card counts, and locks for good.</summary>
    WrongCryptogram,
}
