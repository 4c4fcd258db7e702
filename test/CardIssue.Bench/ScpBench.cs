using CardIssue.Core.Cards;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Primitives;

namespace CardIssue.Bench;

/// <summary>
/// The longest command of a SCP03 session wrapped, and its answer unwrapped, beside the same by BouncyCastle's calls one after the other. Both use the
/// processor's AES where it has it. Sessions begin alike, so their answers are made once; what the two make is compared before it is timed.
/// </summary>
internal static class ScpBench
{
    private const int Rounds = 9, Commands = 4_000, Repeats = 5;
    private const double Target = 2;

    // What a caller asks for: the answer's data in an array of their own, and the result that has them.
    private const int MostForData = 350;

    public static int Run(bool check)
    {
        var report = new BenchReport("scp", "A command of 244 bytes wrapped and its answer unwrapped, µs");
        foreach (var (level, answer) in new[] { (SecurityLevel.CMacCEnc, 0), (SecurityLevel.CMacCEncRMacREnc, 0), (SecurityLevel.CMacCEncRMacREnc, 223) })
        {
            var command = PlainCommand();
            var answers = Record(level, command, answer);
            var (own, others) = (new List<double>(), new List<double>());
            long allocated = 0;
            // The first round pays for compiling, and is not counted.
            for (var round = 0; round <= Rounds; round++)
            {
                (var ours, allocated) = Time(level, command, answers);
                var theirs = TimeStraight(level, command, answers);
                if (round == 0) continue;
                own.Add(ours);
                others.Add(theirs);
            }
            var (a, b) = (Median(own), Median(others));
            var bytes = allocated / (double)(Commands * Repeats);
            var name = $"level {(int)level:X2}, answers of {answer} bytes";
            report.Line($"\"level\":\"{(int)level:X2}\",\"command\":{command.Length},\"answer\":{answer},\"us\":{a:F2},\"bouncyCastleUs\":{b:F2},\"ratio\":{b / a:F2},\"bytesAllocated\":{bytes:F1}");
            report.Bar($"{name}", a, b / Target);
            report.Bar($"BouncyCastle", b);
            if (b / a < Target) report.Missed($"{name}: {b / a:F2} times as fast as BouncyCastle; {Target} is the least");
            if (bytes >= (answer == 0 ? 1 : MostForData)) report.Missed($"{name}: {bytes:F0} bytes allocated");
        }
        return report.End(check);
    }

    /// <summary>STORE DATA with as much data as level 33 lets through.</summary>
    private static byte[] PlainCommand()
    {
        var data = new byte[239];
        for (var i = 0; i < data.Length; i++) data[i] = (byte)i;
        return [0x80, 0xE2, 0x00, 0x00, (byte)data.Length, .. data];
    }

    private static SecureChannelSession Open(SecurityLevel level)
    {
        var session = ChannelOpening.FromSessionKeys(ChannelSessionKeys.Import(
            [0x03, 0x70, (byte)level, 0, 16, 8, .. StraightScp03.HostCryptogram, .. StraightScp03.Enc, .. StraightScp03.Mac, .. StraightScp03.Rmac]));
        session.ExternalAuthenticate();
        return session;
    }

    /// <summary>What a card answers, command by command, once both have wrapped it alike.</summary>
    private static ResponseApdu[] Record(SecurityLevel level, byte[] command, int answer)
    {
        using var session = Open(level);
        var straight = new StraightScp03(level);
        var (wrapped, answers) = (new byte[SecureChannelSession.MaxWrappedLength], new ResponseApdu[Commands]);
        var plain = command.AsSpan(0, answer).ToArray();
        for (var at = 0; at < Commands; at++)
        {
            var length = session.Wrap(command, wrapped);
            var theirs = straight.Wrap(command);
            if (!wrapped.AsSpan(0, length).SequenceEqual(theirs)) throw new InvalidOperationException("The two do not wrap alike.");
            answers[at] = new ResponseApdu(ByteString.Copy(straight.AsCard(plain)), 0x9000);
            var data = session.Unwrap(answers[at]) switch
            {
                UnwrapResult.Authenticated authenticated => authenticated.Data,
                UnwrapResult.NoProtection open => open.Data,
                var other => throw new InvalidOperationException($"{other}"),
            };
            if (!data.Span.SequenceEqual(plain) || !straight.Unwrap(answers[at].Data.Span).SequenceEqual(plain)) throw new InvalidOperationException("The two do not unwrap alike.");
        }
        return answers;
    }

    /// <summary>Microseconds of the processor for a command and its answer, and the bytes that all of them allocated.</summary>
    private static (double Microseconds, long Allocated) Time(SecurityLevel level, byte[] command, ResponseApdu[] answers)
    {
        var wrapped = new byte[SecureChannelSession.MaxWrappedLength];
        var (took, allocated) = (TimeSpan.Zero, 0L);
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            using var session = Open(level);
            // The first command makes the keys ready.
            session.Wrap(command, wrapped);
            session.Unwrap(answers[0]);
            var (before, began) = (GC.GetAllocatedBytesForCurrentThread(), Environment.CpuUsage.TotalTime);
            for (var at = 1; at < answers.Length; at++)
            {
                session.Wrap(command, wrapped);
                session.Unwrap(answers[at]);
            }
            took += Environment.CpuUsage.TotalTime - began;
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }
        return (took.TotalMicroseconds / (Repeats * (Commands - 1)), allocated);
    }

    private static double TimeStraight(SecurityLevel level, byte[] command, ResponseApdu[] answers)
    {
        var took = TimeSpan.Zero;
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            var straight = new StraightScp03(level);
            straight.Wrap(command);
            straight.Unwrap(answers[0].Data.Span);
            var began = Environment.CpuUsage.TotalTime;
            for (var at = 1; at < answers.Length; at++)
            {
                straight.Wrap(command);
                straight.Unwrap(answers[at].Data.Span);
            }
            took += Environment.CpuUsage.TotalTime - began;
        }
        return took.TotalMicroseconds / (Repeats * (Commands - 1));
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
