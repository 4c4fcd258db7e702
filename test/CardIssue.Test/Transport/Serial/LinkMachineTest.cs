using CardIssue.Transport.Serial;

namespace CardIssue.Test.Transport.Serial;

/// <summary>The link procedure by the clauses of X.25 2.4, frame by frame.</summary>
public class LinkMachineTest
{
    private const byte A = 0x03, B = 0x01;
    private static readonly byte[] Name = [1, 2, 3, 4, 5, 6, 7, 8];
    private static readonly byte[] OtherName = [8, 7, 6, 5, 4, 3, 2, 1];
    private static readonly SerialLineOptions Options = SerialLineOptions.Checked(new SerialLineOptions
    {
        FrameSize = 16, Window = 3, N2 = 4, T1 = TimeSpan.FromSeconds(1), T2 = TimeSpan.FromMilliseconds(100), T3 = TimeSpan.FromSeconds(10),
    });

    private LinkMachine _machine = null!;
    private TimeSpan _now;

    [SetUp]
    public void BeginTime() => _now = TimeSpan.Zero;

    [Test]
    public void Frames_Written_HaveTheStandardsBytes()
    {
        // X.25 2.3.2 for modulo 128: SABME 1111P110, DISC 1100P010, UA 1100F110, DM 1111F000, FRMR 1110F001, low bit first on the line.
        Assert.That(Bytes(new LinkFrame(A, LinkFrameKind.SetMode, true)), Is.EqualTo(new byte[] { 0x03, 0x7F }));
        Assert.That(Bytes(new LinkFrame(A, LinkFrameKind.Disconnect, true)), Is.EqualTo(new byte[] { 0x03, 0x53 }));
        Assert.That(Bytes(new LinkFrame(B, LinkFrameKind.Acknowledge, true)), Is.EqualTo(new byte[] { 0x01, 0x73 }));
        Assert.That(Bytes(new LinkFrame(B, LinkFrameKind.DisconnectedMode, false)), Is.EqualTo(new byte[] { 0x01, 0x0F }));
        Assert.That(Bytes(new LinkFrame(B, LinkFrameKind.FrameReject, false)), Is.EqualTo(new byte[] { 0x01, 0x87 }));
        Assert.That(Bytes(new LinkFrame(A, LinkFrameKind.Information, true, 127, 5)), Is.EqualTo(new byte[] { 0x03, 0xFE, 0x0B }));
        Assert.That(Bytes(new LinkFrame(B, LinkFrameKind.ReceiveReady, false, 0, 64)), Is.EqualTo(new byte[] { 0x01, 0x01, 0x80 }));
        Assert.That(Bytes(new LinkFrame(B, LinkFrameKind.ReceiveNotReady, true, 0, 1)), Is.EqualTo(new byte[] { 0x01, 0x05, 0x03 }));
        Assert.That(Bytes(new LinkFrame(B, LinkFrameKind.Reject, false, 0, 1)), Is.EqualTo(new byte[] { 0x01, 0x09, 0x02 }));
    }

    [Test]
    public void EveryControlField_ParsedAndWritten_IsTheSame()
    {
        for (var control = 0; control < 0x10000; control++)
        {
            var bytes = new byte[] { A, (byte)control, (byte)(control >> 8) };
            if (LinkFrame.TryParse(bytes, out var frame)) Assert.That(Bytes(frame), Is.EqualTo(bytes[..frame.HeaderLength]));
        }
    }

    [Test]
    public void SetUp_Unanswered_IsTriedN2TimesThenGivenUp()
    {
        // X.25 2.4.4.1: T1 and N2.
        _machine = new LinkMachine(LinkRole.Calling, Options, Name);
        _machine.Open();
        for (var tries = 0; tries < Options.N2; tries++)
        {
            Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(B, LinkFrameKind.SetMode, true)));
            Assert.That(Take(), Is.Empty);
            Pass(Options.T1!.Value);
        }
        Assert.That((_machine.Phase, _machine.End), Is.EqualTo((LinkPhase.Ended, LinkEnd.NoAnswer)));
    }

    [Test]
    public void SetUp_AnsweredUnderAnotherName_GoesOnWaiting()
    {
        // A UA that was on its way from an older link.
        _machine = new LinkMachine(LinkRole.Calling, Options, Name);
        _machine.Open();
        Take();
        Receive(new LinkFrame(B, LinkFrameKind.Acknowledge, true), OtherName);
        Assert.That(_machine.Phase, Is.EqualTo(LinkPhase.SettingUp));
        Receive(new LinkFrame(B, LinkFrameKind.Acknowledge, true), Name);
        Assert.That(_machine.Phase, Is.EqualTo(LinkPhase.Up));
    }

    [Test]
    public void SetUp_AnsweredWithDm_IsRefused()
    {
        _machine = new LinkMachine(LinkRole.Calling, Options, Name);
        _machine.Open();
        Take();
        Receive(new LinkFrame(B, LinkFrameKind.DisconnectedMode, false));
        Assert.That(_machine.Phase, Is.EqualTo(LinkPhase.SettingUp), "an unasked DM answers nothing");
        Receive(new LinkFrame(B, LinkFrameKind.DisconnectedMode, true));
        Assert.That(_machine.End, Is.EqualTo(LinkEnd.Refused));
    }

    [Test]
    public void Waiting_CommandsWithP_AreAnsweredWithDm()
    {
        // X.25 2.4.4.4: by that the peer learns that its link is no more.
        _machine = new LinkMachine(LinkRole.Answering, Options, default);
        Receive(new LinkFrame(B, LinkFrameKind.ReceiveReady, true));
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(B, LinkFrameKind.DisconnectedMode, true)));
        Receive(new LinkFrame(B, LinkFrameKind.Disconnect, true));
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(B, LinkFrameKind.DisconnectedMode, true)));
        Receive(new LinkFrame(B, LinkFrameKind.Information, false), [1]);
        Assert.That(Take(), Is.Empty);
        Assert.That(_machine.Readable, Is.Zero);
    }

    [Test]
    public void SameSetModeAgain_WhileUp_IsAnsweredAgainAndChangesNothing()
    {
        AnsweringUp();
        _machine.Write(new byte[5]);
        Assert.That(TakeOne().Kind, Is.EqualTo(LinkFrameKind.Information));
        Receive(new LinkFrame(B, LinkFrameKind.SetMode, true), Name);
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(B, LinkFrameKind.Acknowledge, true)));
        Assert.That(_machine.Phase, Is.EqualTo(LinkPhase.Up));
        Receive(new LinkFrame(A, LinkFrameKind.ReceiveReady, false, 0, 1));
        Assert.That(_machine.Phase, Is.EqualTo(LinkPhase.Up));
    }

    [Test]
    public void OtherSetMode_WhileUp_EndsTheLinkWithoutAnswer()
    {
        // X.25 2.4.7 would reset the link under its user; here bytes of two links never join.
        AnsweringUp();
        Receive(new LinkFrame(B, LinkFrameKind.Information, false), [1, 2]);
        Receive(new LinkFrame(B, LinkFrameKind.SetMode, true), OtherName);
        Assert.That((_machine.Phase, _machine.End), Is.EqualTo((LinkPhase.Ended, LinkEnd.Reset)));
        Assert.That(Take(), Is.Empty);
        Assert.That(_machine.Readable, Is.EqualTo(2), "what came before in order can still be read");
    }

    [Test]
    public void Window_Full_HoldsFurtherFramesUntilAcknowledged()
    {
        // X.25 2.4.5.1, 2.4.5.5.
        CallingUp();
        _machine.Write(new byte[16 * 5]);
        Assert.That(Take().Select(f => f.SendNumber), Is.EqualTo(new[] { 0, 1, 2 }));
        Receive(new LinkFrame(B, LinkFrameKind.ReceiveReady, false, 0, 2));
        Assert.That(Take().Select(f => f.SendNumber), Is.EqualTo(new[] { 3, 4 }));
    }

    [Test]
    public void NumbersBeyond127_StartAgainAtZero()
    {
        CallingUp();
        for (var n = 0; n < 300; n++)
        {
            _machine.Write([(byte)n]);
            Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(B, LinkFrameKind.Information, false, n % 128, n % 128)));
            Receive(new LinkFrame(A, LinkFrameKind.Information, false, n % 128, (n + 1) % 128), [(byte)~n]);
            Assert.That(ReadAll(), Is.EqualTo(new[] { (byte)~n }));
        }
    }

    [Test]
    public void FramesInOrder_Received_AreDeliveredAndAcknowledgedAfterT2OrTwo()
    {
        // X.25 2.4.5.2, 2.4.8.2.
        CallingUp();
        Receive(new LinkFrame(A, LinkFrameKind.Information, false, 0, 0), [1]);
        Assert.That(Take(), Is.Empty, "it may go with information");
        Pass(Options.T2!.Value);
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(A, LinkFrameKind.ReceiveReady, false, 0, 1)));
        Receive(new LinkFrame(A, LinkFrameKind.Information, false, 1, 0), [2]);
        Receive(new LinkFrame(A, LinkFrameKind.Information, false, 2, 0), [3]);
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(A, LinkFrameKind.ReceiveReady, false, 0, 3)));
        Assert.That(ReadAll(), Is.EqualTo(new byte[] { 1, 2, 3 }));
    }

    [Test]
    public void FrameMissing_Received_IsRejectedOnce()
    {
        // X.25 2.4.5.4.
        CallingUp();
        Receive(new LinkFrame(A, LinkFrameKind.Information, false, 1, 0), [2]);
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(A, LinkFrameKind.Reject, false, 0, 0)));
        Receive(new LinkFrame(A, LinkFrameKind.Information, false, 2, 0), [3]);
        Assert.That(Take(), Is.Empty);
        Assert.That(_machine.Readable, Is.Zero);
        Receive(new LinkFrame(A, LinkFrameKind.Information, false, 0, 0), [1]);
        Receive(new LinkFrame(A, LinkFrameKind.Information, false, 1, 0), [2]);
        Assert.That(ReadAll(), Is.EqualTo(new byte[] { 1, 2 }));
    }

    [Test]
    public void FrameReceivedBefore_Again_IsAcknowledgedAndNotDelivered()
    {
        CallingUp();
        Receive(new LinkFrame(A, LinkFrameKind.Information, false, 0, 0), [1]);
        Receive(new LinkFrame(A, LinkFrameKind.Information, false, 0, 0), [1]);
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(A, LinkFrameKind.ReceiveReady, false, 0, 1)));
        Assert.That(ReadAll(), Is.EqualTo(new byte[] { 1 }));
    }

    [Test]
    public void Rejected_Sender_GoesBack()
    {
        // X.25 2.4.5.6.
        CallingUp();
        _machine.Write(new byte[16 * 4]);
        Take();
        Receive(new LinkFrame(B, LinkFrameKind.Reject, false, 0, 1));
        Assert.That(Take().Select(f => f.SendNumber), Is.EqualTo(new[] { 1, 2, 3 }));
    }

    [Test]
    public void T1RunOut_PollAnswered_SendsAgainWhatDidNotArrive()
    {
        // X.25 2.4.5.9.
        CallingUp();
        _machine.Write(new byte[16 * 3]);
        Take();
        Pass(Options.T1!.Value);
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(B, LinkFrameKind.ReceiveReady, true, 0, 0)));
        Assert.That(Take(), Is.Empty, "no I frame before the answer");
        Receive(new LinkFrame(B, LinkFrameKind.ReceiveReady, true, 0, 2));
        Assert.That(Take().Select(f => f.SendNumber), Is.EqualTo(new[] { 2 }));
    }

    [Test]
    public void Poll_Received_IsAnsweredAtOnceWithF()
    {
        CallingUp();
        Receive(new LinkFrame(A, LinkFrameKind.ReceiveReady, true, 0, 0));
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(A, LinkFrameKind.ReceiveReady, true, 0, 0)));
    }

    [Test]
    public void DeadPeer_Idle_IsFoundOutInTheTimeThatTheOptionsSay()
    {
        // X.25 2.4.8.3, 2.4.8.4.
        CallingUp();
        var began = _now;
        for (var steps = 0; _machine.Phase == LinkPhase.Up && steps < 1_000; steps++)
        {
            Take();
            Pass(TimeSpan.FromMilliseconds(100));
        }
        Assert.That(_machine.End, Is.EqualTo(LinkEnd.Silent));
        Assert.That(_now - began, Is.LessThanOrEqualTo(Options.DeadLineAfter + TimeSpan.FromMilliseconds(500)));
    }

    [Test]
    public void LivingPeer_Idle_StaysUp()
    {
        CallingUp();
        for (var polls = 0; polls < 50; polls++)
        {
            Pass(Options.T3);
            Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(B, LinkFrameKind.ReceiveReady, true, 0, 0)));
            Receive(new LinkFrame(B, LinkFrameKind.ReceiveReady, true, 0, 0));
        }
        Assert.That(_machine.Phase, Is.EqualTo(LinkPhase.Up));
    }

    [Test]
    public void NothingRead_BufferFills_SaysRnrAndLosesNothing()
    {
        // X.25 2.4.5.8.
        CallingUp();
        var sent = 0;
        for (var number = 0; number < 2_000; number++)
        {
            Receive(new LinkFrame(A, LinkFrameKind.Information, false, number % 128, 0), new byte[16]);
            sent++;
            if (Take().Any(f => f.Kind == LinkFrameKind.ReceiveNotReady)) break;
        }
        Assert.That(sent * 16, Is.LessThan(Options.ReceiveBuffer));
        for (var more = 0; more < Options.Window; more++)
            Receive(new LinkFrame(A, LinkFrameKind.Information, false, (sent + more) % 128, 0), new byte[16]);
        Assert.That(_machine.Readable, Is.EqualTo((sent + Options.Window) * 16), "what was on its way still fits");
        ReadAll();
        Assert.That(Take(), Has.One.EqualTo(new LinkFrame(A, LinkFrameKind.ReceiveReady, false, 0, (sent + Options.Window) % 128)));
    }

    [Test]
    public void PeerBusy_ForHours_IsPolledAndNeverGivenUp()
    {
        // X.25 2.4.5.7.
        CallingUp();
        _machine.Write(new byte[16]);
        Take();
        Receive(new LinkFrame(B, LinkFrameKind.ReceiveNotReady, false, 0, 0));
        for (var polls = 0; polls < 1_000; polls++)
        {
            Pass(Options.T1!.Value);
            Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(B, LinkFrameKind.ReceiveReady, true, 0, 0)));
            Receive(new LinkFrame(B, LinkFrameKind.ReceiveNotReady, true, 0, 0));
            Assert.That(Take(), Is.Empty);
        }
        Receive(new LinkFrame(B, LinkFrameKind.ReceiveReady, false, 0, 0));
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(B, LinkFrameKind.Information, false, 0, 0)));
    }

    [Test]
    public void Closed_WithBytesLeft_SendsThemThenDisc()
    {
        // X.25 2.4.4.3.
        CallingUp();
        _machine.Write(new byte[20]);
        _machine.Close();
        Assert.That(_machine.Write(new byte[1]), Is.Zero);
        Assert.That(Take().Select(f => f.Kind), Is.EqualTo(new[] { LinkFrameKind.Information, LinkFrameKind.Information }));
        Receive(new LinkFrame(B, LinkFrameKind.ReceiveReady, false, 0, 2));
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(B, LinkFrameKind.Disconnect, true)));
        Receive(new LinkFrame(B, LinkFrameKind.Acknowledge, true));
        Assert.That(_machine.End, Is.EqualTo(LinkEnd.ClosedHere));
    }

    [Test]
    public void Disc_Received_EndsInOrderAndIsAnsweredEachTime()
    {
        AnsweringUp();
        Receive(new LinkFrame(B, LinkFrameKind.Information, false), [7]);
        Receive(new LinkFrame(B, LinkFrameKind.Disconnect, true));
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(B, LinkFrameKind.Acknowledge, true)));
        Receive(new LinkFrame(B, LinkFrameKind.Disconnect, true));
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(B, LinkFrameKind.Acknowledge, true)));
        Assert.That(_machine.End, Is.EqualTo(LinkEnd.ClosedByPeer));
        Assert.That(ReadAll(), Is.EqualTo(new byte[] { 7 }));
    }

    [Test]
    public void BothClose_AtOnce_BothEndInOrder()
    {
        // X.25 2.4.4.5.
        CallingUp();
        _machine.Close();
        Take();
        Receive(new LinkFrame(A, LinkFrameKind.Disconnect, true));
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(A, LinkFrameKind.Acknowledge, true)));
        Receive(new LinkFrame(B, LinkFrameKind.Acknowledge, true));
        Assert.That(_machine.End, Is.EqualTo(LinkEnd.ClosedHere));
    }

    [Test]
    public void Aborted_Link_SaysDmAndThePeerKnows()
    {
        AnsweringUp();
        _machine.Abort();
        Assert.That(TakeOne(), Is.EqualTo(new LinkFrame(B, LinkFrameKind.DisconnectedMode, false)));
        CallingUp();
        Receive(new LinkFrame(B, LinkFrameKind.DisconnectedMode, false));
        Assert.That(_machine.End, Is.EqualTo(LinkEnd.PeerDisconnected));
    }

    [TestCase(0x2F, TestName = "Sabm_OfModulo8_IsFrameRejected")]
    [TestCase(0x0D, TestName = "Srej_NotOfThisProcedure_IsFrameRejected")]
    public void UndefinedControl_WhileUp_IsFrameRejected(int control)
    {
        // X.25 2.4.6.1, W.
        CallingUp();
        _machine.Receive([A, (byte)control, 0x00], _now);
        Assert.That(_machine.End, Is.EqualTo(LinkEnd.BadFrame));
        Assert.That(TakeOne(out var information), Is.EqualTo(new LinkFrame(A, LinkFrameKind.FrameReject, false)));
        Assert.That(information, Is.EqualTo(new byte[] { (byte)control, 0, 0, 0, 0x01 }));
    }

    [Test]
    public void AcknowledgementOfWhatWasNeverSent_WhileUp_IsFrameRejected()
    {
        // X.25 2.4.6.1, Z.
        CallingUp();
        Receive(new LinkFrame(B, LinkFrameKind.ReceiveReady, false, 0, 1));
        Assert.That(_machine.End, Is.EqualTo(LinkEnd.BadFrame));
        Assert.That(TakeOne(out var information), Is.EqualTo(new LinkFrame(A, LinkFrameKind.FrameReject, false)));
        Assert.That(information, Is.EqualTo(new byte[] { 0x01, 0x02, 0, 1, 0x08 }));
    }

    [Test]
    public void FrameReject_Received_EndsTheLink()
    {
        CallingUp();
        Receive(new LinkFrame(B, LinkFrameKind.FrameReject, false), new byte[5]);
        Assert.That(_machine.End, Is.EqualTo(LinkEnd.PeerRejected));
    }

    [Test]
    public void CableLoopedBack_SettingUp_MeetsNobody()
    {
        _machine = new LinkMachine(LinkRole.Calling, Options, Name);
        _machine.Open();
        Take();
        Receive(new LinkFrame(B, LinkFrameKind.SetMode, true), Name);
        Assert.That(_machine.Phase, Is.EqualTo(LinkPhase.SettingUp));
        Assert.That(Take(), Is.Empty);
    }

    [Test]
    public void RandomFrames_AtAnyEnd_NeverHangOrGrow()
    {
        var seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var links = 0; links < 300; links++)
        {
            if (links % 2 == 0) CallingUp();
            else AnsweringUp();
            for (var frames = 0; frames < 100; frames++)
            {
                var frame = new byte[random.Next(2, 30)];
                random.NextBytes(frame);
                frame[0] = random.Next(2) == 0 ? A : B;
                if (random.Next(4) > 0) frame[1] &= 0xFE;
                _machine.Receive(frame, _now);
                _machine.Write(frame);
                Take();
                Pass(TimeSpan.FromMilliseconds(random.Next(500)));
                Assert.That(_machine.Readable, Is.LessThanOrEqualTo(Options.ReceiveBuffer));
            }
        }
    }

    private void CallingUp()
    {
        _machine = new LinkMachine(LinkRole.Calling, Options, Name);
        _machine.Open();
        Take();
        Receive(new LinkFrame(B, LinkFrameKind.Acknowledge, true), Name);
        Assert.That(_machine.Phase, Is.EqualTo(LinkPhase.Up));
    }

    private void AnsweringUp()
    {
        _machine = new LinkMachine(LinkRole.Answering, Options, default);
        Receive(new LinkFrame(B, LinkFrameKind.SetMode, true), Name);
        Assert.That(TakeOne(out var name), Is.EqualTo(new LinkFrame(B, LinkFrameKind.Acknowledge, true)));
        Assert.That(name, Is.EqualTo(Name));
        Assert.That(_machine.Phase, Is.EqualTo(LinkPhase.Up));
    }

    private void Pass(TimeSpan time)
    {
        _now += time;
        _machine.OnTime(_now);
    }

    private void Receive(LinkFrame header, params byte[] information) => _machine.Receive([.. Bytes(header), .. information], _now);

    private LinkFrame TakeOne() => TakeOne(out _);

    private LinkFrame TakeOne(out byte[] information)
    {
        var frame = new byte[LinkMachine.MostInFrame(Options)];
        Assert.That(_machine.TryTake(_now, frame, out var length), Is.True, "a frame is due");
        Assert.That(LinkFrame.TryParse(frame.AsSpan(0, length), out var header), Is.True);
        information = frame[header.HeaderLength..length];
        return header;
    }

    private List<LinkFrame> Take()
    {
        var frames = new List<LinkFrame>();
        var frame = new byte[LinkMachine.MostInFrame(Options)];
        while (_machine.TryTake(_now, frame, out var length))
        {
            Assert.That(LinkFrame.TryParse(frame.AsSpan(0, length), out var header), Is.True);
            frames.Add(header);
            Assert.That(frames, Has.Count.LessThan(100));
        }
        return frames;
    }

    private byte[] ReadAll()
    {
        var bytes = new byte[_machine.Readable];
        _machine.Read(bytes, _now);
        return bytes;
    }

    private static byte[] Bytes(LinkFrame frame)
    {
        var bytes = new byte[LinkFrame.MaxHeader];
        return bytes[..frame.Write(bytes)];
    }
}
