namespace CardIssue.Transport.Serial;

/// <summary>Which end of the link this is. Both work alike once it is up.</summary>
internal enum LinkRole
{
    /// <summary>Sets the link up: the terminal, X.25's DTE.</summary>
    Calling,
    /// <summary>Waits for that: the center, X.25's DCE.</summary>
    Answering,
}

/// <summary>Where a link is (X.25 2.4.4).</summary>
internal enum LinkPhase
{
    /// <summary>No link yet; nobody has asked for one (2.4.4.4).</summary>
    Waiting,
    /// <summary>SABME was sent, UA is awaited (2.4.4.1).</summary>
    SettingUp,
    /// <summary>Information goes both ways (2.4.4.2).</summary>
    Up,
    /// <summary>As up, but this end takes nothing more to send; when all of it is acknowledged, it disconnects.</summary>
    Draining,
    /// <summary>DISC was sent, UA is awaited (2.4.4.3).</summary>
    Disconnecting,
    /// <summary>Over, for the reason in <see cref="LinkEnd"/>. A link never comes up again: another one is another machine.</summary>
    Ended,
}

/// <summary>Why a link ended.</summary>
internal enum LinkEnd
{
    /// <summary>It has not.</summary>
    None,
    /// <summary>Closed in order by this end: everything sent was acknowledged, and so was DISC.</summary>
    ClosedHere,
    /// <summary>Closed in order by the peer, with DISC.</summary>
    ClosedByPeer,
    /// <summary>Given up by this end.</summary>
    Aborted,
    /// <summary>The peer answered SABME with DM.</summary>
    Refused,
    /// <summary>SABME was not answered in N2 tries.</summary>
    NoAnswer,
    /// <summary>N2 polls were not answered (X.25 2.4.5.9).</summary>
    Silent,
    /// <summary>One frame was sent N2 times and never acknowledged: short frames come through, this one doesn't.</summary>
    Undeliverable,
    /// <summary>The peer began another link (X.25 2.4.7): it lost this one's state.</summary>
    Reset,
    /// <summary>The peer said DM: it has no link, or gave it up.</summary>
    PeerDisconnected,
    /// <summary>The peer said FRMR (X.25 2.4.6).</summary>
    PeerRejected,
    /// <summary>An undamaged frame came that can't be, and FRMR was sent (X.25 2.4.6.1).</summary>
    BadFrame,
    /// <summary>The port is gone, or takes no bytes.</summary>
    PortLost,
}
