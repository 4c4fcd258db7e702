namespace CardIssue.Center.Sessions;

/// <summary>Where frames of a session come from: its own line, or the results half that is joined to it, of this host or come in at another.</summary>
internal interface IHalf
{
    /// <summary>A frame of it was handled: another may be read.</summary>
    void FrameHandled();

    /// <summary>The session is over: what it was half of is, too.</summary>
    ValueTask CloseAsync();
}
