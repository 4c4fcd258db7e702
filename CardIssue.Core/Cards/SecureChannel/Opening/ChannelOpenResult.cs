namespace CardIssue.Core.Cards.SecureChannel.Opening;

/// <summary>What came of an opening: a session, which only exists when the card's cryptogram was verified, or a diagnosis.</summary>
internal abstract record ChannelOpenResult
{
    private protected ChannelOpenResult() { }

    /// <summary>The card knows the keys.</summary>
    public sealed record Opened : ChannelOpenResult
    {
        internal Opened(SecureChannelSession session, InitializeUpdateResponse answer) => (Session, Answer) = (session, answer);

        /// <summary>The session; its first command is EXTERNAL AUTHENTICATE. The caller disposes it.</summary>
        public SecureChannelSession Session { get; }

        /// <summary>What the card said of itself; the cryptogram proves only that it knows the keys of this diversification data.</summary>
        public InitializeUpdateResponse Answer { get; }
    }

    /// <summary>The channel can't be opened, and EXTERNAL AUTHENTICATE can't be sent.</summary>
    public sealed record Refused : ChannelOpenResult
    {
        internal Refused(OpenDiagnosis diagnosis, ushort statusWord, string detail) => (Diagnosis, StatusWord, Detail) = (diagnosis, statusWord, detail);

        /// <summary>Why.</summary>
        public OpenDiagnosis Diagnosis { get; }

        /// <summary>What the card answered to INITIALIZE UPDATE.</summary>
        public ushort StatusWord { get; }

        /// <summary>For the log: what was expected and what came; no keys, challenges or cryptograms.</summary>
        public string Detail { get; }
    }
}
